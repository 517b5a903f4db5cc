// What the page keeps: the address, undo, pasted text, the scenario as JSON; and what a bit's way is.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { answer, choose, close, expected, launch, open, scenario, shown, step } from "./browser.js";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const fragment = (page) => page.evaluate(() => location.hash);

test("the address brings back the edited scenario and its place", async () => {
  const page = await open(browser);
  await choose(page, "article-6-file-capability");
  await page.fill("#uid", "0 7 7 7");
  await page.press("#uid", "Enter");
  await step(page, 1);
  await step(page, 2);
  const wanted = await shown(page);
  const link = await fragment(page);
  assert.match(link, /^#1\.[\w-]+$/);
  const other = await open(browser, { fragment: link });
  await other.waitForSelector('#verdict[data-position="2"]');
  assert.deepEqual(await shown(other), wanted);
  assert.equal(await other.inputValue("#uid"), "0 7 7 7");
  await close(other);
  // The address can be changed while the page is open.
  const third = await open(browser);
  await third.evaluate((link) => location.assign(link), link);
  await third.waitForSelector('#verdict[data-position="2"]');
  assert.deepEqual(await shown(third), wanted);
  await close(third);
  await close(page);
});

test("a link of the first version opens", async () => {
  const link = readFileSync(new URL("../../link/links/v1.txt", import.meta.url), "utf8").trim();
  const page = await open(browser, { fragment: `#${link}` });
  await page.waitForSelector('#verdict[data-errno="EPERM"]');
  await close(page);
});

test("a damaged link says so and leaves the page usable", async () => {
  for (const link of ["#1.AAAA", "#7.x", "#%F0%9F"]) {
    const page = await open(browser, { fragment: link });
    await page.waitForSelector('[role="alert"]');
    assert.match(await page.textContent('[role="alert"]'), /Not opened: this link/);
    await step(page, 1);
    await close(page);
  }
});

test("undo, redo and reset", async () => {
  const page = await open(browser);
  await choose(page, "article-7-everything-dropped");
  await page.fill("#set-bounding", "400");
  await page.press("#set-bounding", "Enter");
  await step(page, 1);
  await page.waitForSelector('#verdict[data-errno="none"]');
  await page.click("#undo");
  await page.waitForFunction(() => document.querySelector("#set-bounding").value === "0000000000000000");
  await page.click("#redo");
  await page.waitForFunction(() => document.querySelector("#set-bounding").value === "0000000000000400");
  await page.click("#reset");
  await page.waitForFunction(() => document.querySelector("#set-bounding").value === "0000000000000000");
  await close(page);
});

test("pasted lines are taken over, and what was made of them is said", async () => {
  const page = await open(browser);
  await choose(page, "article-6-file-capability");
  await page.click("text=Paste what you have");
  await page.fill(
    "#paste",
    [
      "$ grep -E '^(Uid|Gid|Cap)' /proc/self/status; getcap /usr/bin/ping",
      "Uid:\t1000\t1000\t1000\t1000",
      "CapInh:\t0000000000000000",
      "CapPrm:\t0000000000000000",
      "CapEff:\t0000000000000000",
      "CapBnd:\t00000000000005fb",
      "CapAmb:\t0000000000000000",
      "/usr/bin/ping cap_net_raw=ep",
    ].join("\n"),
  );
  await page.click("#paste-read");
  await page.waitForSelector('#verdict[data-position="1"]');
  const report = await page.textContent("#paste-report");
  assert.match(report, /Recognised: 6 lines of \/proc\/PID\/status; \/usr\/bin\/ping has cap_net_raw=ep\./);
  assert.match(report, /Assumed: group ids as before/);
  const edited = scenario("article-6-file-capability.json");
  const none = "0000000000000000";
  edited.process = { ...edited.process, uid: 1000, inheritable: none, bounding: "00000000000005fb" };
  edited.files["/usr/bin/ping"] = { caps: "cap_net_raw=ep" };
  edited.steps = [{ execve: "/usr/bin/ping" }];
  const [wanted] = answer(edited).steps;
  assert.equal(wanted.errno, "EPERM");
  assert.deepEqual(await shown(page), expected(wanted));
  // Text that is nothing changes nothing.
  await page.fill("#paste", "CapBnd: 12g");
  await page.click("#paste-read");
  await page.waitForSelector("#paste-report .complaint");
  assert.equal(await page.inputValue("#set-bounding"), "00000000000005fb");
  await close(page);
});

test("the scenario's JSON can be edited, and errors name their place", async () => {
  const page = await open(browser);
  await choose(page, "article-4-port-8080");
  await page.click("text=The scenario as JSON");
  const text = await page.inputValue("#json");
  assert.deepEqual(JSON.parse(text), scenario("article-4-port-8080.json"));
  await page.fill("#json", '{ "process": { "uid": 1099511627776 } }');
  await page.click("#json-apply");
  await page.waitForSelector("#json-error:not(:empty)");
  assert.match(await page.textContent("#json-error"), /line 1, column \d+: process\.uid: /);
  await page.fill("#json", '{ "process": { "uid": 7 }, "steps": [ { "bind": { "port": 1023 } } ] }');
  await page.click("#json-apply");
  await page.waitForSelector('#verdict[data-position="0"]');
  await step(page, 1);
  await page.waitForSelector('#verdict[data-errno="EACCES"]');
  await close(page);
});

test("a start that makes no sense is said, and can be mended", async () => {
  const page = await open(browser);
  await choose(page, "article-7-everything-dropped");
  await page.fill("#set-effective", "400");
  await page.press("#set-effective", "Enter");
  await page.waitForSelector('#verdict[data-errno="invalid"]');
  assert.match(await page.textContent("#verdict"), /process\.effective/);
  await page.fill("#set-permitted", "400");
  await page.press("#set-permitted", "Enter");
  await page.waitForSelector('#verdict[data-errno=""]');
  await close(page);
});

test("clicking a bit shows where it came from", async () => {
  const page = await open(browser);
  await choose(page, "article-6-file-capability");
  await step(page, 1);
  await page.getByLabel("CAP_NET_BIND_SERVICE, effective after: gained", { exact: true }).click();
  await page.waitForSelector("#way li");
  const way = await page.locator("#way li").allTextContents();
  assert.ok(way.some((line) => line.includes("execve.file-permitted: from file permitted into new permitted")), way);
  assert.ok(way.includes("bounding held it from the start"), way);
  const path = await page.locator('[data-capability="CAP_NET_BIND_SERVICE"] td.path').count();
  assert.ok(path >= 4, `${path} cells of the way are marked`);
  // Every rule that was tried is listed with its citation.
  const card = page.locator('[data-rule="execve.file-permitted"]');
  await card.locator("summary").click();
  assert.match(await card.locator(".citation").textContent(), /capabilities\(7\).*security\/commoncap\.c/s);
  await close(page);
});

test("every scenario of the list stands in the page", async () => {
  const page = await open(browser);
  const [listed, missing] = await page.evaluate(() => {
    const slugs = [...document.querySelectorAll("#scenario option")].map((option) => option.value).filter(Boolean);
    const title = (slug) => JSON.parse(document.getElementById(`scenario:${slug}`)?.textContent ?? "{}").title;
    return [slugs.length, slugs.filter((slug) => !title(slug))];
  });
  assert.ok(listed > 200, `${listed} are listed`);
  assert.deepEqual(missing, []);
  await close(page);
});

test("releases that answer otherwise are named unasked", async () => {
  const page = await open(browser);
  const slug = await page.locator('#scenario option[value$="since-6.17"]').first().getAttribute("value");
  await choose(page, slug);
  assert.match(await page.textContent("#releases"), /Before Linux 6\.17 step \d+ comes out otherwise/);
  await close(page);
});

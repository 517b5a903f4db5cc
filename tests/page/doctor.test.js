// The first box: what is pasted is answered, the answer can be copied and opened, and nobody else is asked. Engines side by
// side.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import { choose, close, launch, open, scenario, step } from "./browser.js";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const EPERM_ON_EXEC = readFileSync(new URL("../doctor/02-eperm-on-exec.txt", import.meta.url), "utf8");

async function ask(page, text) {
  await page.fill("#paste", text);
  await page.click("#paste-ask");
  await page.waitForSelector("#doctor .answer");
}

async function openEngines(page) {
  await page.click("#engines > summary");
  await page.waitForSelector("table.engines");
}

async function audit(page) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  assert.deepEqual(
    violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`),
    [],
  );
}

test("a pasted command and its message are answered: verdict, rule, fix, step by step", async () => {
  const page = await open(browser);
  await ask(page, EPERM_ON_EXEC);
  const told = await page.textContent("#doctor .case");
  assert.match(told, /EPERM/);
  assert.equal(await page.textContent("#doctor .rule-id"), "execve.file-effective-eperm");
  const fixes = await page.locator("#doctor .fixes pre").allTextContents();
  assert.ok(fixes.some((fix) => fix.includes("--cap-add NET_BIND_SERVICE")), fixes.join("\n"));

  await page.getByRole("link", { name: "Open it step by step" }).first().click();
  await page.waitForURL(/\?filters#/);
  await page.waitForSelector("#started");
  assert.match(await page.textContent("#started"), /Started by Docker/);
  // The start is what the runtime's calls led to: user 1000 holds nothing.
  const before = (set) => page.textContent(`[data-set="${set}"] [data-when="before"]`);
  assert.equal(await before("uid"), "1000 1000 1000 1000");
  assert.equal(await before("bounding"), "0000000000000000");
  assert.equal(await before("effective"), "0000000000000000");
  assert.equal(await page.locator("#uid").count(), 0, "nothing offers to edit a process that is not written");
  assert.match(await page.textContent("#prologue summary"), /\d+ calls of Docker/);
  while ((await page.getAttribute("#step", "aria-disabled")) !== "true") {
    await step(page, Number(await page.getAttribute("#verdict", "data-position")) + 1);
    if ((await page.getAttribute("#verdict", "data-errno")) === "EPERM") break;
  }
  assert.equal(await page.getAttribute("#verdict", "data-errno"), "EPERM");
  await close(page);
});

test("in the program that judges engines the scenario opens, and the answer stays", async () => {
  const page = await open(browser, { fragment: "?filters" });
  await ask(page, EPERM_ON_EXEC);
  await page.getByRole("link", { name: "Open it step by step" }).first().click();
  await page.waitForSelector("#started");
  assert.equal(await page.evaluate(() => document.activeElement.id), "scenario-title");
  assert.ok((await page.locator("#doctor .case").count()) > 0);
  await close(page);
});

test("the answer is copied as Markdown, and the page beside it stays as it is", async () => {
  const page = await open(browser);
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await choose(page, "article-6-file-capability");
  const title = await page.textContent(".question h2");
  await ask(page, EPERM_ON_EXEC);
  await page.getByRole("button", { name: "Copy all of it as Markdown" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(copied, /execve\.file-effective-eperm/);
  assert.match(copied, /```/);
  // Two programs draw on this page: a button of one is not one of the other.
  for (const button of await page.locator("#doctor button").all()) {
    if (await button.isVisible()) await button.click();
  }
  assert.equal(await page.textContent(".question h2"), title);
  assert.equal(await page.getAttribute("#verdict", "data-position"), "0");
  assert.equal(await page.getAttribute("#undo", "aria-disabled"), "true");
  await close(page);
});

test("hostile text is shown as text", async () => {
  const page = await open(browser);
  const hostile = '<script>document.title="owned"</script><img src=x onerror=document.title="owned">';
  await ask(page, `docker run --user 1000 --cap-add '${hostile}' '${hostile}'\n\u0001\u001b[31m${hostile}\u0000\n/bin/${hostile} cap_net_raw=ep\n`);
  assert.equal(await page.locator("#doctor script, #doctor img").count(), 0);
  assert.notEqual(await page.title(), "owned");
  assert.match(await page.textContent("#doctor"), /<script>/);
  await ask(page, "nothing that anybody knows");
  await page.waitForSelector("#doctor .complaint");
  await close(page);
});

test("engines side by side: Podman's ambient set is marked", async () => {
  const page = await open(browser);
  await openEngines(page);
  await page.fill("#engines-user", "1000");
  await page.fill("#engines-cap-add", "NET_BIND_SERVICE");
  const row = page.locator('[data-field="ambient handed"]');
  const heads = await page.locator('table.engines thead th[scope="col"]').allTextContents();
  const podman = heads.findIndex((head) => head.startsWith("Podman"));
  const cells = await row.locator("td").allTextContents();
  assert.match(cells[podman], /0000000000000400.*CAP_NET_BIND_SERVICE.*≠ differs/s);
  const docker = heads.findIndex((head) => head.startsWith("Docker"));
  assert.equal(cells[docker], "0000000000000000none");
  assert.match(await page.textContent("#engines-told"), /Of 12 answers these differ from most: .*Podman [\d.]+ in \d+/);
  // An engine that refuses is named, with its rule.
  await page.fill("#engines-cap-drop", "NET_BIND_SERVICE");
  await page.getByText("podman.add-and-drop").first().waitFor();
  assert.equal(await page.locator("table.engines thead th", { hasText: "Podman" }).count(), 0);
  await close(page);
});

for (const colorScheme of ["light", "dark"]) {
  test(`axe finds nothing in an answer and among engines, ${colorScheme}`, async () => {
    const page = await open(browser, { colorScheme });
    await ask(page, EPERM_ON_EXEC);
    await openEngines(page);
    await audit(page);
    await close(page);
    const starts = await open(browser, { colorScheme, fragment: "?filters" });
    await choose(starts, await runtimeExhibit(starts));
    await step(starts, 1);
    await audit(starts);
    await close(starts);
  });
}

/** The first scenario of the gallery that begins at an engine. */
async function runtimeExhibit(page) {
  return page.evaluate(() => {
    const all = [...document.querySelectorAll('[id^="scenario:gallery/"]')];
    return all.find((element) => JSON.parse(element.textContent).runtime).id.replace("scenario:", "");
  });
}

test("a scenario that begins at an engine is opened by the program that judges engines", async () => {
  const page = await open(browser);
  const slug = await runtimeExhibit(page);
  await page.selectOption("#scenario", slug);
  await page.waitForURL(/\?filters#/);
  await page.waitForSelector("#started");
  assert.equal(await page.textContent(".question h2"), scenario(`${slug}.json`).title);
  await close(page);
});

test("nothing is wider than a narrow screen", async () => {
  const page = await open(browser, { viewport: { width: 360, height: 800 } });
  await ask(page, EPERM_ON_EXEC);
  await openEngines(page);
  const [wide, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(wide <= screen, `${wide} > ${screen}`);
  await close(page);
});

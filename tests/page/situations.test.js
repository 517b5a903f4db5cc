// The article's situations: what the page shows is what the command answers, also after an edit.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ARTICLE, SETS, answer, choose, close, expected, launch, open, scenario, shown, step } from "./browser.js";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** Steps through the scenario that is chosen and compares each step. */
async function compare(page, result) {
  for (const [index, wanted] of result.steps.entries()) {
    await step(page, index + 1);
    assert.deepEqual(await shown(page), expected(wanted), `step ${index + 1}`);
  }
}

test("there are nine situations", () => {
  assert.equal(ARTICLE.length, 9);
});

for (const name of ARTICLE) {
  test(`${name} as it is`, async () => {
    const page = await open(browser);
    await choose(page, name);
    const result = answer(scenario(name));
    assert.ok(result.ok);
    await compare(page, result);
    await close(page);
  });

  test(`${name} with another user and another bounding set`, async () => {
    const page = await open(browser);
    await choose(page, name);
    await page.fill("#uid", "4711");
    await page.press("#uid", "Enter");
    await page.check("#every-row");
    const bit = page.getByLabel("CAP_NET_BIND_SERVICE, bounding before", { exact: true });
    const had = await bit.isChecked();
    await bit.setChecked(!had);

    const edited = scenario(name);
    edited.process = { ...edited.process, uid: 4711 };
    for (const set of SETS) assert.equal(typeof edited.process[set], "string", `${set} is written out`);
    const bounding = BigInt(`0x${edited.process.bounding}`);
    assert.equal((bounding & 0x400n) !== 0n, had);
    edited.process.bounding = (bounding ^ 0x400n).toString(16).padStart(16, "0");
    for (const step of edited.steps) delete step.expect;

    assert.equal(await page.inputValue("#set-bounding"), edited.process.bounding);
    await compare(page, answer(edited));
    await close(page);
  });
}

test("every set can be edited in digits and every flag by its box", async () => {
  const page = await open(browser);
  await choose(page, "article-6-file-capability");
  const edited = scenario("article-6-file-capability.json");
  for (const [set, text] of [
    ["inheritable", "0000000000002400"],
    ["bounding", "cap_net_raw,cap_net_bind_service"],
    ["permitted", "0000000000002000"],
    ["ambient", "2000"],
  ]) {
    await page.fill(`#set-${set}`, text);
    await page.press(`#set-${set}`, "Enter");
  }
  Object.assign(edited.process, {
    inheritable: "0000000000002400",
    bounding: "0000000000002400",
    permitted: "0000000000002000",
    ambient: "0000000000002000",
    no_new_privs: true,
    gid: [5, 6, 7, 8],
    groups: [9, 10],
    securebits: ["noroot"],
  });
  await page.check("#no-new-privs");
  await page.fill("#gid", "5 6 7 8");
  await page.press("#gid", "Enter");
  await page.fill("#groups", "9, 10");
  await page.press("#groups", "Enter");
  await page.click("text=Securebits: 0x0");
  await page.check("#securebit-noroot");
  await page.fill("#file-0-caps", "cap_net_raw=p cap_net_bind_service=ei");
  await page.press("#file-0-caps", "Enter");
  await page.waitForSelector("#file-0-caps-error");
  await page.fill("#file-0-caps", "cap_net_raw=p cap_net_bind_service=i");
  await page.press("#file-0-caps", "Enter");
  await page.fill("#file-0-mode", "2755");
  await page.press("#file-0-mode", "Enter");
  await page.fill("#file-0-gid", "77");
  await page.press("#file-0-gid", "Enter");
  Object.assign(edited.files["/usr/bin/reverse-words"], {
    caps: "cap_net_raw=p cap_net_bind_service=i",
    mode: "2755",
    gid: 77,
  });
  for (const step of edited.steps) delete step.expect;
  await compare(page, answer(edited));
  await close(page);
});

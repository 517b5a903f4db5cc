// Everyone can use the page: no violation that axe can find, both colour schemes, a narrow screen, keyboard alone.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import { choose, close, launch, open, step } from "./browser.js";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

async function audit(page) {
  const { violations, passes } = await new AxeBuilder({ page }).analyze();
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`);
  assert.deepEqual(told, []);
  assert.ok(passes.length > 20, `${passes.length} rules of axe passed`);
}

for (const colorScheme of ["light", "dark"]) {
  test(`axe finds nothing, ${colorScheme}`, async () => {
    const page = await open(browser, { colorScheme });
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const brightness = ground.match(/\d+/g).map(Number).reduce((sum, part) => sum + part);
    assert.equal(brightness > 382, colorScheme === "light", ground);
    await audit(page);
    for (const name of ["article-6-file-capability", "article-7-everything-dropped"]) {
      await choose(page, name);
      await step(page, 1);
      await page.check("#every-row");
      await page.locator(".matrix button").first().click();
      for (const summary of await page.locator("summary:visible").all()) await summary.click();
      await page.fill("#uid", "x");
      await page.press("#uid", "Enter");
      await page.waitForSelector("#uid-error");
      await audit(page);
    }
    await close(page);
  });
}

test("axe does find what is wrong", async () => {
  const page = await open(browser);
  await page.evaluate(() => document.body.append(document.createElement("input")));
  await assert.rejects(audit(page), /label/);
  await close(page);
});

test("nothing is cut off at 360 px", async () => {
  const page = await open(browser, { viewport: { width: 360, height: 740 } });
  for (const name of ["article-8-capability-aware", "releases/ambient-effective-differs-since-6.17"]) {
    await choose(page, name);
    await step(page, 1);
    for (const summary of await page.locator("summary:visible").all()) await summary.click();
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360, name);
  }
  await close(page);
});

test("the keyboard alone chooses, edits, steps and asks", async () => {
  const page = await open(browser);
  await page.focus("#scenario");
  await page.keyboard.press("Home");
  await page.waitForFunction(() => document.querySelector("#scenario").value === "article-1-root-container");
  // From the select to the step button and on into the table, by Tab.
  const tabTo = async (selector) => {
    for (let presses = 0; presses < 60; presses += 1) {
      await page.keyboard.press("Tab");
      if (await page.evaluate((selector) => document.activeElement.matches(selector), selector)) return;
    }
    assert.fail(`Tab does not reach ${selector}`);
  };
  await tabTo("#step");
  await page.keyboard.press("Enter");
  await page.waitForSelector('#verdict[data-position="1"]');
  await tabTo("#every-row");
  await page.keyboard.press("Space");
  await page.waitForSelector('[data-capability="CAP_KILL"]');
  await tabTo(".matrix [data-row]");
  const place = () => page.evaluate(() => [document.activeElement.dataset.row, document.activeElement.dataset.column].map(Number));
  assert.deepEqual(await place(), [0, 0]);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  assert.deepEqual(await place(), [0, 1]);
  // A bit of the start is switched with Space.
  assert.ok(await page.isChecked('.matrix [data-row="0"][data-column="1"]'));
  await page.keyboard.press("Space");
  await page.waitForFunction(() => !document.querySelector('.matrix [data-row="0"][data-column="1"]').checked);
  assert.deepEqual(await place(), [0, 1], "the focus stays");
  // A bit after the step tells its way with Enter.
  for (let presses = 0; presses < 6; presses += 1) await page.keyboard.press("ArrowRight");
  assert.deepEqual(await place(), [0, 7]);
  await page.keyboard.press("Enter");
  await page.waitForSelector("#way li");
  // There is one stop for Tab in the whole table.
  assert.equal(await page.locator('.matrix [tabindex="0"]').count(), 1);
  await close(page);
});

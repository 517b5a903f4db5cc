// Scenarios under filters of system calls: the page loads the program that judges them, and answers as the command does.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { SCENARIOS, answer, choose, close, expected, launch, open, scenario, shown, step } from "./browser.js";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const FILTERED = readdirSync(new URL("seccomp/", SCENARIOS)).map((name) => `seccomp/${name}`).sort();

test("a scenario with filters is opened by the program that judges them, and back leads back", async () => {
  const page = await open(browser);
  await choose(page, "article-7-everything-dropped");
  const before = page.url();
  await page.selectOption("#scenario", "seccomp/docker-unshare");
  await page.waitForURL(/\?filters#/);
  await page.waitForSelector("#verdict");
  const { title, steps } = scenario("seccomp/docker-unshare.json");
  assert.equal(await page.textContent(".question h2"), title);
  await step(page, 1);
  assert.match(await page.textContent("#verdict"), /seccomp refuses/);
  assert.ok(steps.length > 0);
  const link = page.url();
  await page.goBack();
  await page.waitForURL(before);
  await page.waitForSelector("#verdict");
  assert.equal(await page.textContent(".question h2"), scenario("article-7-everything-dropped.json").title);
  await close(page);

  // The link without the question mark leads to the same.
  const other = await open(browser, { fragment: new URL(link).hash });
  await other.waitForURL(/\?filters#/);
  await other.waitForSelector('#verdict[data-position="1"]');
  await close(other);
});

test("there are scenarios of filters", () => {
  assert.ok(FILTERED.length >= 11, `${FILTERED.length} of them`);
});

for (const name of FILTERED) {
  test(`${name} as the command answers it`, async () => {
    const page = await open(browser, { fragment: "?filters" });
    await choose(page, name);
    const result = answer(scenario(name));
    assert.ok(result.ok);
    for (const [index, wanted] of result.steps.entries()) {
      await step(page, index + 1);
      assert.deepEqual(await shown(page), expected(wanted), `step ${index + 1}`);
    }
    await close(page);
  });
}

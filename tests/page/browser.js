// A page of the playground in headless Chromium, and what it shows.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { chromium } from "playwright-core";

const { EPERM_URL, EPERM_BIN, CHROMIUM = "/usr/bin/chromium" } = process.env;
if (!EPERM_URL || !EPERM_BIN) {
  throw new Error("EPERM_URL and EPERM_BIN must be set; `cargo xtask test --only page` does it");
}

// Chromium must neither need a sandbox of its own nor look for updates.
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
];

export const SCENARIOS = new URL("../../scenarios/", import.meta.url);
export const ARTICLE = readdirSync(SCENARIOS).filter((name) => name.startsWith("article-")).sort();
export const SETS = ["permitted", "effective", "inheritable", "bounding", "ambient"];

export const launch = () => chromium.launch({ executablePath: CHROMIUM, args: FLAGS });

export const scenario = (name) => JSON.parse(readFileSync(new URL(name, SCENARIOS), "utf8"));

/** What the command answers to a scenario. */
export function answer(scenario) {
  const input = JSON.stringify(scenario);
  // Exit 1 says that an expectation did not hold; edited scenarios have none.
  return JSON.parse(execFileSync(EPERM_BIN, ["run", "--json", "-"], { input, encoding: "utf8" }));
}

/** Opens the page; every console message and error is one of `complaints`. */
export async function open(browser, { fragment = "", ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.complaints = [];
  page.on("console", (message) => page.complaints.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => page.complaints.push(`error: ${error.message}`));
  page.on("requestfailed", (request) => {
    // Who goes to another page does not wait for what the first still loads.
    const aborted = request.failure()?.errorText === "net::ERR_ABORTED";
    if (!aborted) page.complaints.push(`failed: ${request.url()}`);
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(EPERM_URL)) page.complaints.push(`foreign: ${request.url()}`);
  });
  await page.goto(EPERM_URL + fragment);
  await page.waitForSelector("#verdict");
  return page;
}

export async function close(page) {
  assert.deepEqual(page.complaints, [], "the console is silent and nothing foreign is asked for");
  await page.context().close();
}

export async function choose(page, name) {
  await page.selectOption("#scenario", name.replace(/\.json$/, ""));
  await page.waitForSelector('#verdict[data-position="0"]');
}

/** Presses Step and waits for the answer. */
export async function step(page, number) {
  await page.click("#step");
  await page.waitForSelector(`#verdict[data-position="${number}"]`);
}

/** What the page shows of the step: as a result of the command, as far as the page has it. */
export function shown(page) {
  return page.evaluate((sets) => {
    const cell = (name) => document.querySelector(`[data-set="${name}"] [data-when="after"]`)?.textContent ?? null;
    const numbers = (text) => (text ? text.split(" ").map(Number) : []);
    const { errno } = document.querySelector("#verdict").dataset;
    return {
      errno: errno === "none" ? null : errno,
      at_secure: cell("at_secure") === null ? undefined : cell("at_secure") === "1",
      rules: document.querySelector("#deciding-rules").dataset.rules.split(" "),
      process: {
        ...Object.fromEntries(sets.map((name) => [name, cell(name)])),
        uid: numbers(cell("uid")),
        gid: numbers(cell("gid")),
        groups: numbers(cell("groups")),
        securebits: Number(cell("securebits")),
        no_new_privs: cell("no_new_privs") === "1",
      },
    };
  }, SETS);
}

/** The same of a step's result. */
export function expected({ errno, at_secure, rules, process: { user_ns, ...process } }) {
  return { errno, at_secure, rules, process };
}

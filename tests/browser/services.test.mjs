// The page of services in chromium. The scenario `bots_services` starts the host and says where it is.
import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { chromium } from "playwright-core";
import { DESK, PHONE, visit as visitIn } from "./visit.mjs";

const { PAGES_URL: site, PAGES_NAME: name, PAGES_PASSWORD: password, SERVICE_FOLDER: folder, SCREENSHOTS: pictures } = process.env;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const MOST_MS = 100;

let browser;
let state;

// Each test is signed in.
const visit = (options, walk) => visitIn(browser, { storageState: state, ...options }, 30_000, walk);

before(async () => {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(site + "/services");
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Services", exact: true }).waitFor();
  state = await context.storageState();
  await context.close();
});
after(() => browser?.close());

const mark = file => writeFileSync(join(folder, file), "");
const tile = (page, service) => page.getByRole("region", { name: service, exact: true });

// With script the page changes by itself, without it is loaded anew until it has.
async function shows(page, locator, hasScript) {
  if (hasScript) return locator.waitFor();
  for (let tries = 0; tries < 100; tries += 1) {
    if (await locator.count()) return;
    await page.waitForTimeout(200);
    await page.reload();
  }
  assert.fail(`it was never shown: ${locator}`);
}

async function look(page, path) {
  await page.goto(site + path);
  const took = await page.evaluate(() => {
    const [answer] = performance.getEntriesByType("navigation");
    return answer.responseStart - answer.requestStart;
  });
  console.log(`${path}: ${Math.round(took)} ms`);
  // The machine may be busy with other tests.
  assert.ok(took < 20 * MOST_MS, `${path} took ${took} ms`);
  if (!(await page.evaluate("typeof window.axe === 'object'"))) await page.evaluate(axe + "; null");
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    for (const viewport of [DESK, PHONE]) {
      await page.setViewportSize(viewport);
      const { violations } = await page.evaluate(() => window.axe.run());
      const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
      const told = grave.map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html).join(" ")}`);
      assert.deepEqual(told, [], `${path} ${colorScheme} ${viewport.width}`);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= viewport.width, `${path} is ${width} wide at ${viewport.width}`);
    }
  }
  const levels = await page.locator("h1, h2, h3, h4").evaluateAll(all => all.map(one => Number(one.tagName[1])));
  assert.ok(levels[0] === 1 && levels.every((level, at) => at === 0 || (level > 1 && level <= levels[at - 1] + 1)), `headings: ${levels}`);
}

for (const javaScriptEnabled of [true, false]) {
  const kind = javaScriptEnabled ? "with script" : "without script";
  const options = { javaScriptEnabled };

  test(`the tile of a real process follows it ${kind}`, () => visit(options, async (page, context) => {
    await page.goto(site + "/services");
    const real = tile(page, "real");
    await shows(page, real.getByText("stopped", { exact: true }), javaScriptEnabled);
    let loads = 0;
    page.on("load", () => (loads += 1));
    const other = await context.newPage();
    await other.goto(site + "/services");
    await other.getByRole("button", { name: "Start real" }).click();
    await shows(other, other.getByText("done", { exact: true }), javaScriptEnabled);
    await shows(other, other.getByText("started", { exact: true }), javaScriptEnabled);
    await shows(page, real.getByText("running", { exact: true }), javaScriptEnabled);
    await real.getByText(/^up \d+ (second|minute)s?$/).waitFor();
    await other.goto(site + "/services");
    await other.getByRole("link", { name: "Stop real" }).click();
    await other.getByRole("heading", { name: "Stop real?" }).waitFor();
    await other.getByRole("button", { name: "Stop real" }).click();
    await shows(other, other.getByText("done", { exact: true }), javaScriptEnabled);
    await shows(page, real.getByText("stopped", { exact: true }), javaScriptEnabled);
    if (javaScriptEnabled) assert.equal(loads, 0, "the page was loaded anew");
  }));

  test(`a crash loop and a silent service are told ${kind}`, () => visit(options, async page => {
    await page.goto(site + "/services");
    await shows(page, tile(page, "looping").getByText("crash loop"), javaScriptEnabled);
    await shows(page, tile(page, "silent").getByText("unhealthy"), javaScriptEnabled);
    await tile(page, "silent").getByText("Nobody listens at its health address.").waitFor();
    await shows(page, tile(page, "absent").getByText("not deployed"), javaScriptEnabled);
  }));

  test(`an update streams, and one that fails tells why ${kind}`, () => visit(options, async (page, context) => {
    for (const fails of [false, true]) {
      for (const file of ["go", "fails"]) rmSync(join(folder, file), { force: true });
      if (fails) mark("fails");
      await page.goto(site + "/services");
      await page.getByRole("link", { name: "Update real" }).click();
      await page.getByRole("button", { name: "Update real" }).click();
      const written = page.getByLabel("Lines");
      await shows(page, written.getByText("fetching"), javaScriptEnabled);
      await page.getByText("goes on", { exact: true }).waitFor();
      // Whoever leaves the page changes nothing, and a second one is refused in words.
      const other = await context.newPage();
      await other.goto(site + "/services/real/stop");
      await other.getByRole("button", { name: "Stop real" }).click();
      await other.getByText("takes one at a time").waitFor();
      await other.close();
      mark("go");
      await shows(page, written.getByText("building"), javaScriptEnabled);
      await shows(page, page.getByText(fails ? "failed, exit code 3" : "done", { exact: true }), javaScriptEnabled);
      if (fails) {
        await page.getByRole("alert").getByText("the disk is full").waitFor();
        await page.getByRole("alert").getByText("It ended with exit code 3.").waitFor();
      } else {
        await shows(page, written.getByText("up to date"), javaScriptEnabled);
      }
      assert.ok(!existsSync(join(folder, "go")));
    }
    rmSync(join(folder, "fails"), { force: true });
    await page.goto(site + "/services/actions");
    await page.getByText("failed, exit code 3").first().waitFor();
  }));
}

describe("each page", () => {
  for (const path of ["/", "/services", "/services/actions", "/services/real/stop", "/services/real/update"]) {
    test(path, () => visit({ bypassCSP: true }, page => look(page, path)));
  }
  test("of an action", () => visit({ bypassCSP: true }, async page => {
    await page.goto(site + "/services/actions");
    const paths = await page.locator("tbody td a").evaluateAll(all => all.map(one => one.getAttribute("href")));
    // One whose output is held, and one of which only the record is left.
    await look(page, paths[0]);
    await look(page, paths.at(-2));
  }));
});

test("pictures for the document", { skip: !pictures }, () => visit({}, async page => {
  await page.goto(site + "/services");
  await tile(page, "looping").getByText("crash loop").waitFor();
  await page.screenshot({ path: join(pictures, "control.png"), fullPage: true });
}));

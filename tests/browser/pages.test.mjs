// The bot host's pages in chromium. The scenario `bots_pages` starts the host and says where it is.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { chromium } from "playwright-core";
import { DESK, PHONE, visit as visitIn } from "./visit.mjs";

const { PAGES_URL: site, PAGES_NAME: name, PAGES_PASSWORD: password, PAGES_LINK: link, SCREENSHOTS: pictures } = process.env;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const MOST_BYTES = 200_000;
const MOST_MS = 100;

let browser;
let state;

// Each test is signed in unless told otherwise.
const visit = (options, walk) => visitIn(browser, { storageState: state, ...options }, 20_000, walk);

async function signIn(page) {
  await page.goto(site + "/");
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
}

before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--host-resolver-rules=MAP pages.test 127.0.0.1"],
  });
  const context = await browser.newContext();
  await signIn(await context.newPage());
  state = await context.storageState();
  await context.close();
});
after(() => browser?.close());

const PAGES = [
  "/", "/instances/new", "/instances/new?plugin=react", "/instances/looping", "/instances/second", "/instances/insta",
  "/instances/second/delete", "/instances/second/logs", "/accounts", "/accounts/helper", "/plugins", "/dead-letters",
  "/nothing-here",
];
const OPEN_PAGES = ["/login", "/login/link"];

describe("each page", () => {
  for (const [paths, options] of [[PAGES, {}], [OPEN_PAGES, { storageState: undefined }]]) {
    for (const path of paths) {
      test(path, () => visit({ ...options, bypassCSP: true }, async page => {
        await page.goto(site + path);
        const [took, bytes] = await page.evaluate(() => {
          const [answer] = performance.getEntriesByType("navigation");
          const all = [answer, ...performance.getEntriesByType("resource")];
          return [answer.responseStart - answer.requestStart, all.reduce((sum, one) => sum + one.decodedBodySize, 0)];
        });
        for (const colorScheme of ["light", "dark"]) {
          await page.emulateMedia({ colorScheme });
          for (const viewport of [DESK, PHONE]) {
            await page.setViewportSize(viewport);
            assert.deepEqual(await findings(page), [], `${path} ${colorScheme} ${viewport.width}`);
            const width = await page.evaluate(() => document.documentElement.scrollWidth);
            assert.ok(width <= viewport.width, `${path} is ${width} wide at ${viewport.width}`);
          }
        }
        const levels = await page.locator("h1, h2, h3, h4").evaluateAll(all => all.map(one => Number(one.tagName[1])));
        assert.equal(levels[0], 1, "the first heading is the page's");
        assert.ok(levels.every((level, at) => at === 0 || (level > 1 && level <= levels[at - 1] + 1)), `headings: ${levels}`);
        console.log(`${path}: ${Math.round(took)} ms, ${bytes} bytes`);
        assert.ok(bytes > 0 && bytes < MOST_BYTES, `${path} has ${bytes} bytes`);
        // The machine may be busy with other tests.
        assert.ok(took < 20 * MOST_MS, `${path} took ${took} ms`);
      }));
    }
  }
});

test("a page that tells of a mistake", () => visit({ bypassCSP: true, viewport: PHONE }, async page => {
  await page.goto(site + "/instances/insta");
  await page.getByLabel("Config, as YAML or JSON", { exact: true }).fill("max_file_size: much");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Nothing was changed:").waitFor();
  await page.locator("dd .said").waitFor();
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    assert.deepEqual(await findings(page), []);
  }
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= PHONE.width, `it is ${width} wide`);
  if (pictures) await page.screenshot({ path: join(pictures, "bots-mistake-phone.png"), fullPage: true });
}));

async function findings(page) {
  if (!(await page.evaluate("typeof window.axe === 'object'"))) await page.evaluate(axe + "; null");
  const { violations } = await page.evaluate(() => window.axe.run());
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  return grave.map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html).join(" ")}`);
}

for (const javaScriptEnabled of [true, false]) {
  const kind = javaScriptEnabled ? "with script" : "without script";
  test(`a bot is made, changed and deleted ${kind}`, () => visit({ javaScriptEnabled }, async page => {
    const bot = javaScriptEnabled ? "scripted" : "plain";
    await page.goto(site + "/");
    await page.getByRole("link", { name: "New bot" }).click();
    await page.getByLabel("Name", { exact: true }).fill(bot);
    await page.getByLabel("Plugin", { exact: true }).selectOption("hello");
    await page.getByRole("button", { name: "Make it" }).click();
    await page.getByText("The bot was made.").waitFor();
    await page.getByLabel("Config, as YAML or JSON", { exact: true }).fill("greeting: [no text]\nother: 1");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Nothing was changed:").waitFor();
    const editor = page.getByLabel("Config, as YAML or JSON", { exact: true });
    assert.equal(await editor.inputValue(), "greeting: [no text]\nother: 1");
    assert.equal(await editor.getAttribute("aria-invalid"), "true");
    await editor.fill("greeting: Hey, {name}!\n");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("The bot has the new config.").waitFor();
    assert.equal(await editor.inputValue(), "greeting: Hey, {name}!\n");
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("The bot was stopped.").waitFor();
    await page.getByRole("button", { name: "Start", exact: true }).click();
    await page.getByText("The bot was started.").waitFor();
    await page.getByRole("link", { name: "All lines, with search" }).click();
    await page.getByLabel("Search", { exact: true }).fill("new config");
    await page.getByRole("button", { name: "Show" }).click();
    await page.locator(".lines li").first().waitFor();
    assert.deepEqual(await page.locator(".lines .text").allTextContents(), ["runs with a new config"]);
    await page.goto(`${site}/instances/${bot}`);
    await page.getByRole("link", { name: "Delete …" }).click();
    await page.getByRole("button", { name: `Delete ${bot}` }).click();
    await page.getByText("The bot was deleted.").waitFor();
    assert.equal(await page.locator("table").getByText(bot).count(), 0);
  }));

  test(`somebody signs in and out ${kind}`, () => visit({ javaScriptEnabled, storageState: undefined }, async page => {
    await page.goto(site + "/plugins");
    await page.getByLabel("Name", { exact: true }).fill(name);
    await page.getByLabel("Password", { exact: true }).fill("wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("Name or password is wrong.").waitFor();
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Plugins" }).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByText("You are signed out.").waitFor();
    await page.goto(site + "/");
    await page.getByRole("heading", { name: "Sign in", exact: true }).waitFor();
  }));
}

for (const javaScriptEnabled of [true, false]) {
  test(`a file that is no plugin is told so ${javaScriptEnabled ? "with" : "without"} script`, () => visit({ javaScriptEnabled }, async page => {
    await page.goto(site + "/plugins");
    const file = { name: "bad.mbp", mimeType: "application/octet-stream", buffer: Buffer.from("no plugin at all") };
    const field = page.getByLabel("File", { exact: true });
    if (javaScriptEnabled) {
      const dropped = await page.evaluateHandle(() => {
        const files = new DataTransfer();
        files.items.add(new File(["no plugin at all"], "bad.mbp"));
        return files;
      });
      await page.dispatchEvent("[data-drop]", "drop", { dataTransfer: dropped });
      assert.equal(await field.evaluate(input => input.files[0].name), "bad.mbp");
    } else {
      await field.setInputFiles(file);
    }
    await page.getByRole("button", { name: "Upload" }).click();
    await page.getByRole("alert").waitFor();
    assert.equal(new URL(page.url()).pathname, "/plugins");
  }));
}

test("a link of the bot signs in, once, and its code leaves the address", () => visit({ storageState: undefined }, async page => {
  await page.goto(link);
  assert.ok(!page.url().includes("#"), page.url());
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page.goto(link);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("This code is not good").waitFor();
}));

// Where there is no TLS and no 127.0.0.1, browsers send no Sec-Fetch-Site.
test("forms work under a name in a network without TLS, too", () => visit({ storageState: undefined }, async page => {
  const elsewhere = site.replace("127.0.0.1", "pages.test");
  await page.goto(elsewhere + "/accounts");
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Accounts" }).waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByText("You are signed out.").waitFor();
}));

test("what changes is seen without loading the page anew", () => visit({}, async (page, context) => {
  await page.goto(site + "/");
  await page.getByText("Live", { exact: true }).waitFor();
  let loads = 0;
  page.on("load", () => (loads += 1));
  const row = page.locator("tr", { hasText: "second" });
  const other = await context.newPage();
  for (const [order, word] of [["Stop", "stopped"], ["Start", "running"]]) {
    await other.goto(site + "/instances/second");
    await other.getByRole("button", { name: order, exact: true }).click();
    await row.getByText(word).waitFor();
  }
  await page.goto(site + "/instances/second/logs");
  await page.getByText("Live", { exact: true }).waitFor();
  loads = 0;
  const lines = page.locator(".lines li", { hasText: "was stopped" });
  const before = await lines.count();
  await other.goto(site + "/instances/second");
  await other.getByRole("button", { name: "Stop" }).click();
  await lines.nth(before).waitFor();
  await other.getByRole("button", { name: "Start", exact: true }).click();
  await other.getByText("The bot was started.").waitFor();
  assert.equal(loads, 0);
}));

test("a keyboard is enough: the way past the navigation comes first and is seen", () => visit({}, async page => {
  await page.goto(site + "/");
  await page.keyboard.press("Tab");
  const skip = page.getByRole("link", { name: "To the content" });
  assert.ok(await skip.evaluate(link => link === document.activeElement));
  await page.waitForFunction("document.activeElement.getBoundingClientRect().top >= 0").catch(() => {});
  assert.ok((await skip.boundingBox()).y >= 0);
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  const isInside = await page.evaluate(() => document.querySelector("main").contains(document.activeElement));
  assert.ok(isInside, "the next stop is in the content");
}));

test("a dead letter is looked at and tried again", () => visit({ javaScriptEnabled: false }, async page => {
  await page.goto(site + "/dead-letters");
  await page.locator("tbody th a").first().click();
  await page.getByText("it was told to fail").first().waitFor();
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByText("It will be tried again in a moment.").waitFor();
}));

test("pictures for the document", { skip: !pictures }, async () => {
  for (const [file, path, options] of [
    ["bots-overview", "/", {}],
    ["bots-overview-phone", "/", { viewport: PHONE, colorScheme: "dark" }],
    ["bots-instance", "/instances/insta", {}],
    ["bots-instance-dark", "/instances/second", { colorScheme: "dark" }],
    ["bots-logs", "/instances/looping/logs", {}],
    ["bots-login", "/login", { storageState: undefined }],
    ["bots-plugins", "/plugins", {}],
    ["bots-accounts", "/accounts", {}],
    ["bots-dead-letters", "/dead-letters", {}],
    ["bots-new", "/instances/new?plugin=react", {}],
  ]) {
    await visit(options, async page => {
      await page.goto(site + path);
      if (!options.storageState && path !== "/login") await page.getByText(/^(Live|Sign out)$/).first().waitFor();
      await page.screenshot({ path: join(pictures, `${file}.png`), fullPage: true });
    });
  }
});

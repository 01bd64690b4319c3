// A page of its own for each test, in the sizes of a desk and of a phone.
import assert from "node:assert/strict";

export const DESK = { width: 1180, height: 820 };
export const PHONE = { width: 360, height: 740 };

// What the browser complains about fails the test. `within` is how long one step may take, in milliseconds.
export async function visit(browser, options, within, walk) {
  const context = await browser.newContext({ viewport: DESK, ...options });
  context.setDefaultTimeout(within);
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", error => complaints.push(String(error)));
  page.on("console", message => {
    const isOfStatus = message.text().startsWith("Failed to load resource: the server responded with a status of");
    if (message.type() === "error" && !isOfStatus) complaints.push(message.text());
  });
  try {
    await walk(page, context);
    assert.deepEqual(complaints, []);
  } finally {
    await context.close();
  }
}

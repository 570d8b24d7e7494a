// What people do about their own accounts in a browser, with and without JavaScript; and how the pages look: light and
// dark, on a telephone and on a desk, with nothing serious for axe to find.
import axe from "axe-core";
import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { startChromium } from "../support/chromium.mjs";
import { openedThings } from "../support/opened.mjs";
import { startOrigin } from "../support/origin.mjs";
import { NEW_PASSWORD, PASSWORD, linkIn, startRecovering } from "./setup.mjs";

const SCREENSHOTS = fileURLToPath(new URL("../screenshots", import.meta.url));
const PATIENCE_MS = 10_000;
const LOOKS = ["light", "dark"].flatMap((theme) => [360, 1280].map((width) => ({ theme, width })));
const APPLICATION = { page: "<!doctype html><title>app</title>", script: "" };

describe("recovery in a browser", () => {
  const opened = openedThings();
  let exim;
  let url;
  let chromium;

  before(async () => {
    await mkdir(SCREENSHOTS, { recursive: true });
    const origin = await opened.add(startOrigin({ app: APPLICATION }), (origin) => origin.close());
    ({ url } = origin);
    const started = await startRecovering(opened, { public_url: url });
    exim = started.exim;
    origin.forwardTo(started.keyward.url);
    chromium = await opened.add(startChromium(), (chromium) => chromium.close());
  });
  after(() => opened.close());

  const newTab = async (options = {}) => {
    const context = await chromium.newContext(options);
    context.setDefaultTimeout(PATIENCE_MS);
    return context.newPage();
  };
  const open = (page, path) => page.goto(`${url}/api/auth/${path}`);
  const submit = async (page, fields = {}) => {
    for (const [name, value] of Object.entries(fields)) await page.locator(`[name=${name}]`).fill(value);
    await page.locator("button[type=submit]").click();
  };
  const heading = (page, name) => page.getByRole("heading", { name }).waitFor();
  const isSignedIn = async (page) => {
    await open(page, "session");
    return Boolean(JSON.parse(await page.locator("body").innerText())?.user);
  };
  const signUp = async (page, email) => {
    await open(page, "-/signup?callbackUrl=%2F");
    await submit(page, { email, password: PASSWORD });
    await page.waitForURL(`${url}/`);
  };

  for (const javaScriptEnabled of [false, true]) {
    const kind = javaScriptEnabled ? "with JavaScript" : "without JavaScript";

    test(`${kind}: sign up, prove the address, forget the password, set another`, async () => {
      const email = `forgets-${javaScriptEnabled}@example.com`;
      const page = await newTab({ javaScriptEnabled });
      await signUp(page, email);
      await page.goto(linkIn(await exim.mail(email)));
      await heading(page, "Confirm your email");
      await submit(page);
      await heading(page, "Your email is confirmed");

      const other = await newTab({ javaScriptEnabled });
      await open(other, "signin");
      await other.getByRole("link", { name: "Forgot your password?" }).click();
      await heading(other, "Reset your password");
      await submit(other, { email });
      await heading(other, "Check your email");
      const link = linkIn(await exim.mail(email, 2));
      await other.goto(link);
      await heading(other, "Choose a new password");
      await submit(other, { newPassword: "password" });
      await other.getByRole("alert").waitFor();
      await submit(other, { newPassword: NEW_PASSWORD });
      await heading(other, "Your password is changed");
      assert.equal(await isSignedIn(page), false, "everybody was signed out");
      assert.equal(await isSignedIn(other), false, "and nobody in");
      await other.goto(link);
      await other.getByText("This link no longer works").waitFor();

      await open(other, "signin?callbackUrl=%2F");
      await submit(other, { email, password: NEW_PASSWORD });
      await other.waitForURL(`${url}/`);
      assert.equal(await isSignedIn(other), true);
    });

    test(`${kind}: change the password and the address, have the data, leave`, async () => {
      const email = `leaves-${javaScriptEnabled}@example.com`;
      const next = `moved-${javaScriptEnabled}@example.com`;
      const page = await newTab({ javaScriptEnabled, acceptDownloads: true });
      await signUp(page, email);
      await open(page, "-/account/password");
      await submit(page, { password: "not it at all", newPassword: NEW_PASSWORD });
      await page.getByRole("alert").waitFor();
      await submit(page, { password: PASSWORD, newPassword: NEW_PASSWORD });
      await heading(page, "Your password is changed");

      await open(page, "-/account/email");
      await submit(page, { email: next });
      await heading(page, "Check your email");
      await page.goto(linkIn(await exim.mail(next)));
      await page.getByText(next).waitFor();
      await submit(page);
      await heading(page, "Your email is changed");

      await open(page, "-/account/export");
      const [file] = await Promise.all([page.waitForEvent("download"), submit(page)]);
      const data = JSON.parse(await readFile(await file.path(), "utf8"));
      assert.equal(data.user.email, next);

      await open(page, "-/account/delete");
      await submit(page);
      await heading(page, "Your account is deleted");
      assert.equal(await isSignedIn(page), false);
    });
  }

  test("who is not signed in is asked to, and comes back to where they wanted to be", async () => {
    const email = "returns@example.com";
    await signUp(await newTab(), email);
    const page = await newTab({ javaScriptEnabled: false });
    await open(page, "-/account/delete");
    await page.getByText("Please sign in").waitFor();
    await submit(page, { email, password: PASSWORD });
    await heading(page, "Delete your account?");
  });

  test("the pages in every look", async () => {
    const email = "looks@example.com";
    const signedIn = await newTab();
    await signUp(signedIn, email);
    const verify = linkIn(await exim.mail(email));
    await open(signedIn, "-/reset");
    await submit(signedIn, { email });
    const reset = linkIn(await exim.mail(email, 2));
    const pages = [
      ["verify-email", "-/verify-email?error=email_not_verified"],
      ["verify-email-confirm", verify],
      ["verify-email-done", "-/verify-email?done=yes"],
      ["reset", "-/reset"],
      ["reset-sent", "-/reset?done=sent"],
      ["reset-new", reset],
      ["reset-used", `${reset}x`],
      ["password", "-/account/password"],
      ["email", "-/account/email"],
      ["delete", "-/account/delete"],
      ["export", "-/account/export"],
      ["dead-link", "-/return-email?token=x&for=y"],
    ];
    const state = await signedIn.context().storageState();
    for (const { theme, width } of LOOKS) {
      const options = { colorScheme: theme, viewport: { width, height: 800 }, storageState: state };
      const page = await newTab(options);
      for (const [name, path] of pages) {
        await (path.startsWith("http") ? page.goto(path) : open(page, path));
        await look(page, `recovery-${name}-${theme}-${width}`);
      }
      const stranger = await newTab({ colorScheme: theme, viewport: { width, height: 800 } });
      await stranger.goto(verify);
      await look(stranger, `recovery-verify-email-password-${theme}-${width}`);
    }
  });
});

/** A screenshot, no scrolling sideways, and nothing serious for axe to find. */
async function look(page, name) {
  await page.screenshot({ path: `${SCREENSHOTS}/${name}.png`, fullPage: true });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `${name} scrolls sideways by ${wide}`);
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const serious = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
  assert.deepEqual(serious.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]), [], name);
}

// The built-in pages in a browser without JavaScript: everything is links and forms.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { startChromium } from "../support/chromium.mjs";
import { startKeyward } from "../support/keyward.mjs";
import { openedThings } from "../support/opened.mjs";
import { startOrigin } from "../support/origin.mjs";

const PASSWORD = "plum harbour velvet 42";
const APPLICATION = { page: "<!doctype html><title>app</title>", script: "" };

for (const dialect of ["next-auth-3", "next-auth-4", "auth-js-5"]) {
  describe(`the built-in pages without JavaScript, ${dialect}`, () => {
    const opened = openedThings();
    let url;
    let page;

    before(async () => {
      const origin = await opened.add(startOrigin({ app: APPLICATION }), (origin) => origin.close());
      ({ url } = origin);
      const config = { public_url: url, dialect, accounts: { enabled: true } };
      const keyward = await opened.add(startKeyward({ config }), (keyward) => keyward.stop());
      origin.forwardTo(keyward.url);
      const chromium = await opened.add(startChromium(), (chromium) => chromium.close());
      const context = await chromium.newContext({ javaScriptEnabled: false });
      context.setDefaultTimeout(8_000);
      page = await context.newPage();
    });
    after(() => opened.close());

    const session = async () => {
      await page.goto(`${url}/api/auth/session`);
      return JSON.parse(await page.locator("body").innerText());
    };
    const submit = async (fields) => {
      for (const [name, value] of Object.entries(fields)) await page.locator(`[name=${name}]`).fill(value);
      await page.locator("button[type=submit]").click();
    };

    test("F1 sign-up, sign-out, a wrong password and sign-in, back to where the person came from", async () => {
      const email = "ada@example.com";
      await page.goto(`${url}/api/auth/signin?callbackUrl=${encodeURIComponent(`${url}/reports?year=2`)}`);
      await page.locator('a[href*="/-/signup"]').click();
      await page.waitForURL("**/api/auth/-/signup**");
      await submit({ email, password: PASSWORD });
      await page.waitForURL(`${url}/reports?year=2`);
      assert.equal((await session()).user.email, email);

      await page.goto(`${url}/api/auth/signout`);
      await submit({});
      await page.waitForURL((target) => !target.pathname.startsWith("/api/auth"));
      assert.equal((await session())?.user, undefined);

      await page.goto(`${url}/api/auth/signin?callbackUrl=${encodeURIComponent(`${url}/reports?year=3`)}`);
      await submit({ email, password: `${PASSWORD}!` });
      await page.waitForURL("**/api/auth/signin?*error=CredentialsSignin*");
      await page.locator("[role=alert]").waitFor();
      await submit({ email, password: PASSWORD });
      await page.waitForURL(`${url}/reports?year=3`);
      assert.equal((await session()).user.email, email);
    });

    test("F1 the sign-up page tells what is wrong with what was typed, and keeps the person on it", async () => {
      await page.context().clearCookies();
      await page.goto(`${url}/api/auth/-/signup`);
      await submit({ email: "grace@example.com", password: "password" });
      await page.waitForURL("**/api/auth/-/signup?*weak_password*");
      await page.locator("[role=alert]").waitFor();
    });

    test("a foreign callback address is refused", async () => {
      await page.goto(`${url}/api/auth/signin?callbackUrl=https%3A%2F%2Fevil.example%2F`);
      await page.locator('a[href*="/-/signup"]').click();
      await submit({ email: "eve@example.com", password: PASSWORD });
      await page.waitForURL((target) => !target.pathname.startsWith("/api/auth"));
      assert.equal(new URL(page.url()).origin, url);
    });
  });
}

// C1 in a browser: the built-in page's e-mail form, the mail, the link, and what the unmodified client makes of it.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { startChromium } from "../support/chromium.mjs";
import { bundleClientApp } from "../support/client-app.mjs";
import { clientTab } from "../support/client-page.mjs";
import { openedThings } from "../support/opened.mjs";
import { startOrigin } from "../support/origin.mjs";
import { linkIn, startMailing } from "./setup.mjs";

const PATIENCE_MS = 8_000;
const INPUT = "#input-email-for-email-provider";

/** What `signIn("email", {redirect: false})` resolves to, in each generation. */
const ANSWERS = {
  "next-auth-3": {
    sent: (url) => ({ error: null, status: 200, ok: true, url }),
    refused: { error: "EmailSignin", status: 200, ok: true, url: null },
  },
  "next-auth-4": {
    sent: (url) => ({ error: null, status: 200, ok: true, url }),
    refused: { error: "EmailSignin", status: 200, ok: true, url: null },
  },
  "auth-js-5": {
    sent: (url) => ({ error: "(undefined)", code: "(undefined)", status: 200, ok: true, url }),
    refused: { error: "Configuration", code: "mail_not_sent", status: 200, ok: true, url: null },
  },
};

for (const [dialect, answers] of Object.entries(ANSWERS)) {
  describe(`links by mail with the client of ${dialect}`, () => {
    const opened = openedThings();
    let chromium;
    let exim;
    let url;
    let people = 0;
    const newAddress = () => `person-${++people}@example.com`;

    /** A browser of its own, with or without scripts. */
    const browser = async (options = {}) => {
      const context = await chromium.newContext(options);
      context.setDefaultTimeout(PATIENCE_MS);
      return context;
    };

    before(async () => {
      const app = await bundleClientApp(dialect);
      const origin = await opened.add(startOrigin({ app }), (origin) => origin.close());
      ({ url } = origin);
      const mailing = await startMailing(opened, { config: { public_url: url, dialect } });
      exim = mailing.exim;
      origin.forwardTo(mailing.keyward.url);
      chromium = await opened.add(startChromium(), (chromium) => chromium.close());
    });
    after(() => opened.close());

    test("C1 the form of the built-in page, the mail, and its link that signs in once", async () => {
      const email = newAddress();
      const context = await browser();
      const page = await context.newPage();
      await page.goto(`${url}/orders`);
      const app = clientTab(page);
      await app.sessionIs(false);
      await app.callAndGo("sign-in page", { callbackUrl: `${url}/orders` });
      await page.fill(INPUT, email);
      await page.getByRole("button", { name: /Sign in/ }).click();
      await page.getByRole("heading", { name: "Check your email" }).waitFor();
      assert.equal(page.url(), `${url}/api/auth/verify-request?provider=email&type=email`);

      const link = linkIn(await exim.mail(email));
      await page.goto(link);
      const session = await clientTab(page).sessionIs(true, email);
      assert.equal(page.url(), `${url}/orders`);
      assert.equal(session.data.user.email, email);

      const elsewhere = await (await browser()).newPage();
      const again = await elsewhere.goto(link);
      assert.equal(again.status(), 403);
      await elsewhere.getByRole("heading", { name: "This link no longer works" }).waitFor();
      await elsewhere.getByRole("link", { name: "Back to sign in" }).click();
      await elsewhere.locator(INPUT).waitFor();
      await page.reload();
      await clientTab(page).sessionIs(true, email);
      assert.equal((await exim.sent(email)).length, 1, "one request was one mail");
    });

    test("C1 without JavaScript, in another browser than the one that asked", async () => {
      const email = newAddress();
      const asking = await (await browser({ javaScriptEnabled: false })).newPage();
      await asking.goto(`${url}/api/auth/signin?callbackUrl=${encodeURIComponent(`${url}/inside`)}`);
      await asking.fill(INPUT, email);
      await asking.getByRole("button", { name: /Sign in/ }).click();
      await asking.getByRole("heading", { name: "Check your email" }).waitFor();

      const reading = await (await browser()).newPage();
      await reading.goto(linkIn(await exim.mail(email)));
      await clientTab(reading).sessionIs(true, email);
      assert.equal(reading.url(), `${url}/inside`, "the place to go was kept in the link");
    });

    test("C1 the client's own call resolves as with the original server", async () => {
      const page = await (await browser()).newPage();
      await page.goto(url);
      const app = clientTab(page);
      await app.sessionIs(false);
      const email = newAddress();
      const sent = await app.call("signIn", { provider: "email", email });
      const refused = await app.call("signIn", { provider: "email", email: "nobody@example.com" });

      assert.deepEqual(sent, answers.sent(`${url}/api/auth/verify-request?provider=email&type=email`));
      assert.deepEqual(refused, answers.refused);
      await exim.mail(email);
      assert.equal((await exim.sent(email)).length, 1);
    });

    test("a mail that can't be sent is said on a page from which it can be asked for again", async () => {
      const page = await (await browser()).newPage();
      await page.goto(`${url}/api/auth/signin`);
      await page.fill(INPUT, "nobody@example.com");
      await page.getByRole("button", { name: /Sign in/ }).click();
      await page.getByText("The email couldn’t be sent").waitFor();
      const back = page.getByRole("link", { name: "Back to sign in" });
      if (dialect === "auth-js-5") await back.click();
      const email = newAddress();
      await page.fill(INPUT, email);
      await page.getByRole("button", { name: /Sign in/ }).click();
      await page.getByRole("heading", { name: "Check your email" }).waitFor();
      await exim.mail(email);
    });

    test("lesson_55 a link to another person's address replaces who was signed in", async () => {
      const context = await browser();
      const page = await context.newPage();
      const [first, second] = [newAddress(), newAddress()];
      for (const email of [first, second]) {
        await page.goto(`${url}/api/auth/signin`);
        await page.fill(INPUT, email);
        await page.getByRole("button", { name: /Sign in/ }).click();
        await page.getByRole("heading", { name: "Check your email" }).waitFor();
        await page.goto(linkIn(await exim.mail(email)));
        await clientTab(page).sessionIs(true, email);
      }
    });
  });
}

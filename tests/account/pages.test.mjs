// The pages about one's own account in Chromium: each in light and dark, on a telephone and on a desk, with nothing for axe
// to find; and a journey through their forms with JavaScript switched off.
import axe from "axe-core";
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { startChromium } from "../support/chromium.mjs";
import { startKeyward } from "../support/keyward.mjs";
import { openedThings } from "../support/opened.mjs";

const SCREENSHOTS = fileURLToPath(new URL("../screenshots", import.meta.url));
const PASSWORD = "plum harbour velvet 42";
const PAGES = [
  ["account", "/-/account"],
  ["account-saved", "/-/account?done=saved"],
  ["account-sign-in", "/-/account/sign-in"],
  ["account-sessions", "/-/account/sessions"],
  ["account-activity", "/-/account/activity"],
];

describe("the account pages", () => {
  const opened = openedThings();
  let server;
  let chromium;
  let base;

  before(async () => {
    await mkdir(SCREENSHOTS, { recursive: true });
    const client = { type: "oauth", client_id: "a-client", client_secret: "a-secret" };
    const config = { accounts: { enabled: true }, providers: [{ id: "github", ...client }, { id: "google", ...client }] };
    server = await opened.add(startKeyward({ config }), (server) => server.stop());
    chromium = await opened.add(startChromium(), (chromium) => chromium.close());
    base = `${server.publicUrl ?? server.url}/api/auth`;
  });
  after(() => opened.close());

  /** A browser of somebody who has an account, and another session elsewhere. */
  async function browser(options, email) {
    const context = await chromium.newContext(options);
    const page = await context.newPage();
    await signUp(page, base, email);
    return { context, page };
  }

  for (const colorScheme of ["light", "dark"]) {
    for (const width of [360, 1280]) {
      test(`${colorScheme}, ${width} px wide: handsome, nothing sideways, nothing for axe`, async () => {
        const email = `ada-${colorScheme}-${width}@example.com`;
        const { context, page } = await browser({ colorScheme, viewport: { width, height: 800 } }, email);
        const elsewhere = await chromium.newContext({ userAgent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:125.0) Gecko/20100101 Firefox/125.0" });
        try {
          await signIn(await elsewhere.newPage(), base, email, "not the password");
          await signIn(await elsewhere.newPage(), base, email, PASSWORD);
          for (const [name, path] of PAGES) {
            const answer = await page.goto(base + path);
            assert.equal(answer.status(), 200, path);
            await look(page, `${name}-${colorScheme}-${width}`);
          }
          await page.goto(`${base}/-/account`);
          await page.locator("[name=image]").fill("http://insecure.example/a.png");
          await page.locator("#submitButton").click();
          await look(page, `account-refused-${colorScheme}-${width}`);
        } finally {
          await context.close();
          await elsewhere.close();
        }
      });
    }
  }

  test("without JavaScript: sign in on the way, change the name, end the other session, see it all", async () => {
    const email = "grace@example.com";
    const { context: phone } = await browser({}, email);
    const context = await chromium.newContext({ javaScriptEnabled: false });
    try {
      const page = await context.newPage();
      await page.goto(`${base}/-/account`);
      assert.match(page.url(), /\/signin\?callbackUrl=/);
      await page.locator("[name=email]").fill(email);
      await page.locator("[name=password]").fill(PASSWORD);
      await page.locator("form[action*='callback/credentials'] button").click();
      await page.waitForURL(`${base}/-/account`);

      await page.locator("[name=name]").fill("Grace <b>Hopper</b>");
      await page.locator("#submitButton").click();
      await page.waitForURL("**/-/account?done=saved");
      assert.equal(await page.locator(".notice").textContent(), "Saved.");
      assert.equal(await page.locator(".person strong").textContent(), "Grace <b>Hopper</b>");
      const session = async () => (await phone.request.get(`${base}/session`)).json();
      const said = await session();
      assert.equal(said.user.name, "Grace <b>Hopper</b>", "the other session says it from its next read on");

      await page.getByRole("link", { name: "Sessions" }).click();
      assert.equal(await page.locator(".rows").first().locator("li").count(), 2);
      await page.locator("li", { hasNot: page.locator(".badge") }).getByRole("button").first().click();
      await page.waitForURL("**/-/account/sessions?done=ended");
      assert.equal(await page.locator(".rows").first().locator("li").count(), 1);
      assert.deepEqual(await session(), {});

      await page.getByRole("link", { name: "Activity" }).click();
      const happened = await page.locator(".rows strong").allTextContents();
      assert.deepEqual(happened.map((text) => text.trim()), [
        "Signed out from elsewhere", "Profile changed", "Signed in", "Signed in", "Account created",
      ]);

      await page.getByRole("link", { name: "Sign-in", exact: true }).click();
      assert.equal(await page.getByRole("button", { name: "Add GitHub" }).count(), 1);
      assert.equal(await page.getByRole("link", { name: "Change Password" }).count(), 1);
    } finally {
      await context.close();
      await phone.close();
    }
  });

  test("nobody changes anything from another site, or without the token of the page", async () => {
    const { context } = await browser({}, "eve@example.com");
    try {
      const forms = [
        ["/-/account", { name: "x" }],
        ["/-/account/sessions/end", { others: "true" }],
        ["/-/account/sign-in/unlink", { provider: "github", providerAccountId: "1" }],
      ];
      const answers = [];
      for (const [path, form] of forms) {
        answers.push((await context.request.post(base + path, { form, maxRedirects: 0 })).status());
      }
      assert.deepEqual(answers, [403, 403, 403]);
    } finally {
      await context.close();
    }
  });
});

describe("an application's own account page", () => {
  test("replaces the built-in ones", async () => {
    const server = await startKeyward({ config: { accounts: { enabled: true }, pages: { account: "/settings" } } });
    try {
      for (const path of ["", "/sign-in", "/sessions", "/activity"]) {
        const answer = await fetch(`${server.url}/api/auth/-/account${path}`, { redirect: "manual" });
        assert.deepEqual([answer.status, answer.headers.get("location")], [303, "/settings"]);
      }
    } finally {
      await server.stop();
    }
  });
});

async function signUp(page, base, email) {
  await page.goto(`${base}/-/signup`);
  await page.locator("[name=name]").fill("Ada Lovelace");
  await page.locator("[name=email]").fill(email);
  await page.locator("[name=password]").fill(PASSWORD);
  await page.locator("button[type=submit]").click();
  await page.waitForURL((url) => !url.pathname.startsWith("/api/auth"));
}

async function signIn(page, base, email, password) {
  await page.goto(`${base}/signin`);
  await page.locator("[name=email]").fill(email);
  await page.locator("[name=password]").fill(password);
  await page.locator("form[action*='callback/credentials'] button").click();
  await page.waitForLoadState();
}

async function look(page, name) {
  await page.screenshot({ path: `${SCREENSHOTS}/${name}.png`, fullPage: true });
  const sideways = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  });
  assert.equal(sideways, 0, `${name} is ${sideways} px wider than the window`);
  const { violations } = await page.evaluate(`${axe.source}; axe.run()`);
  const serious = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
  assert.deepEqual(
    serious.map(({ id, help, nodes }) => ({ id, help, where: nodes.map(({ target }) => target.join(" ")) })),
    [],
  );
}

// Each runnable example in a browser: its pages and its API ask Keyward who is calling, and refuse.
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { after, before, describe, test } from "node:test";

import { startChromium } from "../support/chromium.mjs";
import { openedThings } from "../support/opened.mjs";
import { APPLICATIONS, startExample } from "./start.mjs";

const PATIENCE_MS = 8_000;
const ADA = { name: "Ada", email: "ada@example.com", password: "plum harbour velvet 42" };
/** Its pages are rendered in the browser alone. */
const WITHOUT_SERVER_PAGES = ["vite-react"];

for (const name of Object.keys(APPLICATIONS)) {
  describe(`the example ${name}`, () => {
    const opened = openedThings();
    const pageErrors = [];
    let example, context, page;
    before(async () => {
      example = await opened.add(startExample(name), (example) => example.close());
      const chromium = await opened.add(startChromium(), (chromium) => chromium.close());
      context = await chromium.newContext();
      context.setDefaultTimeout(PATIENCE_MS);
      context.on("weberror", (error) => pageErrors.push(error.error().message));
      page = await context.newPage();
    });
    after(() => opened.close());

    const at = (path) => page.waitForURL(example.url + path);
    const heading = (text) => page.getByRole("heading", { name: text, exact: true }).waitFor();
    const submit = async (fields) => {
      for (const [field, value] of Object.entries(fields)) await page.locator(`[name=${field}]`).fill(value);
      await page.locator("button[type=submit]").click();
    };
    const cookies = async () => (await context.cookies(example.url)).map(({ name, value }) => `${name}=${value}`).join("; ");
    /** Asks without the browser, with `cookie`. */
    const ask = (path, cookie = "") => fetch(example.url.replace("localhost", "127.0.0.1") + path, { headers: { cookie }, redirect: "manual" });

    test("C4 sends nobody from the protected page to sign-up, and from there back to it", async () => {
      await page.goto(`${example.url}/orders`);
      await page.waitForURL("**/api/auth/signin**");
      assert.equal(new URL(page.url()).origin, example.url);
      await page.locator('a[href*="/-/signup"]').click();
      await page.waitForURL("**/api/auth/-/signup**");
      await submit(ADA);
      await at("/orders");
      await heading("Orders of Ada");
    });

    test("C4 the API answers 401 to nobody and to a broken cookie, and 200 to the person", async () => {
      const cookie = await cookies();
      assert.match(cookie, /session-token=/);
      assert.equal((await ask("/api/orders")).status, 401);
      assert.equal((await ask("/api/orders", cookie.replace(/(session-token=[^;]{8})./, "$1"))).status, 401);
      const answer = await ask("/api/orders", cookie);
      assert.equal(answer.status, 200);
      assert.deepEqual((await answer.json()).orders, ["a book for Ada"]);
      const inPage = await page.evaluate(async () => (await fetch("/api/orders")).status);
      assert.equal(inPage, 200);
    });

    if (!WITHOUT_SERVER_PAGES.includes(name)) {
      test("C4 the server renders the page for the person, and for nobody a redirect alone", async () => {
        const rendered = await ask("/orders", await cookies());
        assert.equal(rendered.status, 200);
        assert.match(await rendered.text(), /<h1>Orders of (<!-- -->)?Ada<\/h1>/);
        const refused = await ask("/orders");
        assert.ok([302, 307].includes(refused.status), `${refused.status}`);
        const target = new URL(refused.headers.get("location"), example.url);
        assert.equal(target.pathname, "/api/auth/signin");
        assert.equal(target.searchParams.get("callbackUrl"), "/orders");
        assert.doesNotMatch(await refused.text(), /Orders of/);
      });
    }

    if (name === "nextjs-pages-v4") {
      test("C4 getToken and the middleware of the package open the cookie themselves", async () => {
        assert.equal((await ask("/api/token")).status, 401);
        assert.deepEqual(await (await ask("/api/token", await cookies())).json(), { name: "Ada" });
        const refused = await ask("/reports");
        assert.equal(refused.status, 307);
        assert.match(refused.headers.get("location"), /\/api\/auth\/signin\?callbackUrl=%2Freports$/);
        await page.goto(`${example.url}/reports`);
        await heading("Reports");
      });
    }

    test("signs the person out, and a copy of the cookie with them", async () => {
      const copy = await cookies();
      await page.goto(`${example.url}/`);
      await page.getByText("Signed in as Ada.").waitFor();
      await page.getByText("Sign out").click();
      if (name === "express") {
        await page.waitForURL("**/api/auth/signout**");
        await submit({});
      }
      await page.getByText("Nobody is signed in.").waitFor();
      await at("/");
      assert.equal((await ask("/api/orders", copy)).status, 401);
      assert.equal((await ask("/api/orders", await cookies())).status, 401);
    });

    test("C4 sends nobody from the page that the browser protects to sign-in, and back to it", async () => {
      await page.goto(`${example.url}/profile`);
      await page.waitForURL("**/api/auth/signin**");
      await submit({ email: ADA.email, password: ADA.password });
      await at("/profile");
      await heading("Profile of Ada");
    });

    test("C4 lets nobody in while Keyward is away, not even who is signed in", async () => {
      const cookie = await cookies();
      await example.keyward.stop();
      for (const path of ["/api/orders", ...(WITHOUT_SERVER_PAGES.includes(name) ? [] : ["/orders"])]) {
        const answer = await ask(path, cookie);
        assert.ok(answer.status >= 300, `${path}: ${answer.status}`);
        assert.doesNotMatch(await answer.text(), /Ada/);
      }
    });

    test("throws no error in the browser", () => assert.deepEqual(pageErrors, []));
  });
}

test("every example with a lock file is driven here", async () => {
  const folders = await readdir(new URL("../../examples/", import.meta.url), { recursive: true });
  const locked = folders.filter((path) => /^[^/]+\/package-lock\.json$/.test(path)).map((path) => path.split("/")[0]);
  assert.deepEqual(locked.sort(), Object.keys(APPLICATIONS).sort());
});

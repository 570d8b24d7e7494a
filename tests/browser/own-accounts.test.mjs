// Keyward's own accounts: through the clients of each generation, and on the built-in pages without JavaScript.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { startChromium } from "../support/chromium.mjs";
import { bundleClientApp } from "../support/client-app.mjs";
import { clientTab } from "../support/client-page.mjs";
import { startKeyward } from "../support/keyward.mjs";
import { openedThings } from "../support/opened.mjs";
import { startOrigin } from "../support/origin.mjs";

const PATIENCE_MS = 8_000;
const GOOD = "plum harbour velvet 42";
const WEAK = "password";

/** What `signIn(…, {redirect: false})` resolves to for a refusal with `error`, in each generation. */
const refused = {
  "next-auth-3": (error) => ({ error, status: 401, ok: false, url: null }),
  "next-auth-4": (error) => ({ error, status: 401, ok: false, url: null }),
  "auth-js-5": (error, code) => ({
    error: "CredentialsSignin",
    code: code ?? error,
    status: 200,
    ok: true,
    url: null,
  }),
};

for (const [dialect, refusal] of Object.entries(refused)) {
  describe(`own accounts with the client of ${dialect}`, () => {
    const opened = openedThings();
    let context;
    let url;
    let people = 0;
    const newAddress = () => `person-${++people}@example.com`;
    const openApp = async () => {
      const page = await context.newPage();
      await page.goto(url);
      return clientTab(page);
    };

    before(async () => {
      const app = await bundleClientApp(dialect);
      const origin = await opened.add(startOrigin({ app }), (origin) => origin.close());
      ({ url } = origin);
      const config = { public_url: url, dialect, accounts: { enabled: true }, limits: { hash_queue: 1 } };
      const keyward = await opened.add(startKeyward({ config }), (keyward) => keyward.stop());
      origin.forwardTo(keyward.url);
      const chromium = await opened.add(startChromium(), (chromium) => chromium.close());
      context = await chromium.newContext();
      context.setDefaultTimeout(PATIENCE_MS);
    });
    after(() => opened.close());

    test("F1 a person signs up, is signed in, signs out, and signs in again", async () => {
      const email = newAddress();
      const app = await openApp();
      await app.sessionIs(false);
      const signedUp = await app.call("signUp", { email, password: GOOD, name: "Ada" });
      const session = await app.sessionIs(true);
      await app.call("signOut");
      await app.sessionIs(false);
      const signedIn = await app.call("signIn", { provider: "credentials", email, password: GOOD });
      await app.page.reload();
      const reloaded = await app.sessionIs(true);

      assert.deepEqual(withoutUrl(signedUp), accepted(dialect));
      assert.deepEqual(withoutUrl(signedIn), accepted(dialect));
      assert.equal(signedIn.url, `${url}/`);
      assert.equal(session.data.user.name, "Ada");
      assert.equal(session.data.user.email, email);
      assert.deepEqual(reloaded, session);
    });

    test("F1 a wrong password and an unknown address can't be told apart", async () => {
      const email = newAddress();
      const app = await openApp();
      await app.call("signUp", { email, password: GOOD });
      await app.call("signOut");
      const wrong = await app.call("signIn", { provider: "credentials", email, password: `${GOOD}!` });
      const unknown = await app.call("signIn", {
        provider: "credentials",
        email: newAddress(),
        password: GOOD,
      });

      assert.deepEqual(wrong, refusal("CredentialsSignin", "credentials"));
      assert.deepEqual(unknown, wrong);
      await app.sessionIs(false);
    });

    test("F1 sign-up tells of a weak password and of an address that is none", async () => {
      const app = await openApp();
      const weak = await app.call("signUp", { email: newAddress(), password: WEAK });
      const invalid = await app.call("signUp", { email: "nobody", password: GOOD });

      assert.deepEqual(weak, refusal("weak_password"));
      assert.deepEqual(invalid, refusal("invalid_email"));
      await app.sessionIs(false);
    });

    test("B2 an overloaded server resolves in signIn to a 503 that can be tried again", async () => {
      const app = await openApp();
      const flood = startFlood(`${url}/api/auth`, dialect);
      try {
        const answers = [];
        const retryAfter = [];
        app.page.on("response", (response) => {
          if (response.status() === 503) retryAfter.push(response.headers()["retry-after"]);
        });
        while (answers.length < 40 && answers.at(-1)?.status !== 503) {
          answers.push(
            await app.call("signIn", { provider: "credentials", email: newAddress(), password: GOOD }),
          );
        }
        const { error, status, ok, url: target } = answers.at(-1);
        assert.deepEqual({ status, ok, target }, { status: 503, ok: false, target: null });
        assert.ok(error);
        assert.match(retryAfter[0], /^[1-9]\d*$/);
      } finally {
        await flood.stop();
      }
      await app.page.reload();
      await app.sessionIs(false);
    });
  });
}

/** What a successful `signIn` resolves to, its `url` aside. */
function accepted(dialect) {
  return dialect === "auth-js-5"
    ? { error: "(undefined)", code: "(undefined)", status: 200, ok: true }
    : { error: null, status: 200, ok: true };
}

function withoutUrl({ url, ...resolved }) {
  return resolved;
}

/** Keeps more passwords waiting to be checked than a server takes, until `stop()`. */
function startFlood(base, dialect) {
  let running = true;
  const clients = Array.from({ length: 24 }, async () => {
    const csrf = await fetch(`${base}/csrf`);
    const cookie = csrf.headers
      .getSetCookie()
      .map((line) => line.split(";")[0])
      .join("; ");
    const { csrfToken } = await csrf.json();
    while (running) {
      const answer = await fetch(`${base}/callback/credentials`, {
        method: "POST",
        headers: { cookie, ...(dialect === "auth-js-5" && { "x-auth-return-redirect": "1" }) },
        body: new URLSearchParams({ csrfToken, email: "flood@example.com", password: GOOD, json: "true" }),
      });
      await answer.arrayBuffer();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });
  return {
    stop: () => {
      running = false;
      return Promise.all(clients);
    },
  };
}

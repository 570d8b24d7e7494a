// Passkeys in Chromium with its virtual authenticator: through Keyward's own pages and through next-auth/webauthn.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import axe from "axe-core";
import { build } from "esbuild";

import { startChromium } from "../support/chromium.mjs";
import { browserDefinitions } from "../support/client-app.mjs";
import { startKeyward } from "../support/keyward.mjs";
import { openedThings } from "../support/opened.mjs";
import { startOrigin } from "../support/origin.mjs";
import { PASSWORD, totp } from "./people.mjs";

const PATIENCE_MS = 8_000;
const SCREENSHOTS = process.env.KEYWARD_SCREENSHOTS;

/** A page of the application with the unmodified package's functions on `window`. */
async function clientApp() {
  const { outputFiles } = await build({
    absWorkingDir: fileURLToPath(new URL("..", import.meta.url)),
    stdin: {
      contents: `import * as webauthn from "next-auth/webauthn";
        import * as react from "next-auth/react";
        window.webauthn = webauthn; window.react = react;`,
      resolveDir: fileURLToPath(new URL("..", import.meta.url)),
    },
    alias: { "next-auth": "next-auth-5" },
    bundle: true,
    define: browserDefinitions,
    format: "esm",
    logLevel: "warning",
    write: false,
  });
  const page = `<!doctype html><title>app</title><script type="module" src="/main.jsx"></script>`;
  return { page, script: outputFiles[0].text };
}

/** An authenticator that verifies its person, as a phone's or a laptop's does. */
async function authenticator(page, options = {}) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
      ...options,
    },
  });
  return {
    credentials: async () => (await cdp.send("WebAuthn.getCredentials", { authenticatorId })).credentials,
    send: (method, params = {}) => cdp.send(`WebAuthn.${method}`, { authenticatorId, ...params }),
  };
}

describe("passkeys", () => {
  const opened = openedThings();
  let origin;
  let base;
  let chromium;
  let keyward;
  let people = 0;
  const address = () => `passkey-${++people}@example.com`;

  before(async () => {
    origin = await opened.add(startOrigin({ app: await clientApp() }), (origin) => origin.close());
    keyward = await opened.add(
      startKeyward({
        config: {
          public_url: origin.url,
          dialect: "auth-js-5",
          accounts: { enabled: true },
          passkeys: { enabled: true, sign_up: true },
        },
      }),
      (keyward) => keyward.stop(),
    );
    origin.forwardTo(keyward.url);
    base = `${origin.url}/api/auth`;
    chromium = await opened.add(startChromium(), (chromium) => chromium.close());
  });
  after(() => opened.close());

  const newPage = async () => {
    const context = await chromium.newContext();
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    page.blocked = [];
    page.on("console", (message) => {
      if (/Content Security Policy/i.test(message.text())) page.blocked.push(message.text());
    });
    return page;
  };
  const signUp = async (page, email = address()) => {
    await page.goto(`${base}/-/signup`);
    await page.locator("[name=email]").fill(email);
    await page.locator("[name=password]").fill(PASSWORD);
    await page.getByRole("button", { name: "Create account" }).click();
    await page.waitForURL(`${origin.url}/`);
    return email;
  };
  const session = async (page) => (await page.context().request.get(`${base}/session`)).json();
  const addPasskey = async (page) => {
    await page.goto(`${base}/-/account/passkeys`);
    const reloaded = page.waitForURL(`${base}/-/account/passkeys`);
    await page.getByRole("button", { name: "Add a passkey" }).click();
    await page.locator(".rows li").first().waitFor();
    await reloaded;
  };
  const signOut = (page) => page.context().clearCookies();
  const withPasskey = async (page) => {
    await page.goto(`${base}/signin`);
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  };

  test("a passkey is added and signs in without a name, on Keyward's own pages", async () => {
    const page = await newPage();
    const device = await authenticator(page);
    const email = await signUp(page);
    await addPasskey(page);
    const [credential] = await device.credentials();
    assert.equal(credential.rpId, "localhost");
    assert.equal(credential.isResidentCredential, true);
    await signOut(page);
    assert.equal(await session(page), null);
    await withPasskey(page);
    await page.waitForURL(`${origin.url}/`);
    assert.equal((await session(page)).user.email, email);
    assert.deepEqual(page.blocked, []);
    await page.context().close();
  });

  test("several passkeys of one person, each removed by its own button", async () => {
    const page = await newPage();
    const first = await authenticator(page);
    await signUp(page);
    await addPasskey(page);
    await first.send("removeVirtualAuthenticator");
    await authenticator(page, { transport: "usb" });
    await page.goto(`${base}/-/account/passkeys`);
    await page.getByRole("button", { name: "Add a passkey" }).click();
    await page.locator(".rows li").nth(1).waitFor();
    assert.equal(await page.locator(".rows li").count(), 2);
    await page.getByRole("button", { name: /Remove/ }).first().click();
    await page.waitForFunction(() => document.querySelectorAll(".rows li").length === 1);
    await signOut(page);
    await withPasskey(page);
    await page.waitForURL(`${origin.url}/`);
    assert.ok(await session(page), "the other one still signs in");
    await page.context().close();
  });

  test("lesson 44 the same device is not added twice, and a removed passkey signs nobody in", async () => {
    const page = await newPage();
    const device = await authenticator(page);
    await signUp(page);
    await addPasskey(page);
    await page.getByRole("button", { name: "Add a passkey" }).click();
    await page.getByText("That did not work").waitFor();
    assert.equal((await device.credentials()).length, 1);
    await page.getByRole("button", { name: /Remove/ }).click();
    await page.waitForFunction(() => document.querySelectorAll(".rows li").length === 0);
    await signOut(page);
    await withPasskey(page);
    await page.waitForURL(/error=/);
    assert.equal(await session(page), null);
    await page.context().close();
  });

  test("a device that does not verify its person signs nobody in", async () => {
    const page = await newPage();
    const device = await authenticator(page);
    await signUp(page);
    await addPasskey(page);
    await signOut(page);
    await device.send("setUserVerified", { isUserVerified: false });
    await withPasskey(page);
    await page.getByText("That did not work").waitFor();
    assert.equal(await session(page), null);
    await page.context().close();
  });

  test("lesson 63 a passkey is the second factor of a password, and by itself both", async () => {
    const page = await newPage();
    await authenticator(page);
    const email = await signUp(page);
    await addPasskey(page);
    await page.goto(`${base}/-/account/totp`);
    await page.locator("summary").click();
    const secret = (await page.locator(".secret").textContent()).replaceAll(" ", "");
    await page.locator("[name=code]").fill(totp(secret));
    await page.getByRole("button", { name: "Turn on" }).click();
    await page.getByText("Your recovery codes").waitFor();
    await signOut(page);
    await page.goto(`${base}/signin`);
    await page.locator("[name=email]").fill(email);
    await page.locator("[name=password]").fill(PASSWORD);
    await page.locator("form:has([name=password]) button").click();
    await page.getByRole("heading", { name: "One more step" }).waitFor();
    assert.equal(await session(page), null);
    await page.getByRole("button", { name: "Use a passkey" }).click();
    await page.waitForURL(`${origin.url}/`);
    assert.equal((await session(page)).user.email, email);
    await signOut(page);
    await withPasskey(page);
    await page.waitForURL(`${origin.url}/`);
    assert.equal((await session(page)).user.email, email, "no code is asked for");
    await page.goto(`${base}/-/confirm?callbackUrl=${encodeURIComponent(`${base}/-/account/totp`)}`);
    await page.getByRole("button", { name: "Use a passkey" }).click();
    await page.getByRole("heading", { name: "Two-step sign-in is on" }).waitFor();
    await page.getByRole("button", { name: "Turn off two-step sign-in" }).click();
    await page.getByRole("heading", { name: "Set up two-step sign-in" }).waitFor();
    await page.context().close();
  });

  test("the code on the page is the one that apps read, and the pages are accessible in light and dark, wide and narrow", async () => {
    const jsQr = await readFile(new URL("../node_modules/jsqr/dist/jsQR.js", import.meta.url), "utf8");
    for (const colorScheme of ["light", "dark"]) {
      for (const width of [1280, 360]) {
        const context = await chromium.newContext({ colorScheme, viewport: { width, height: 800 }, bypassCSP: true });
        context.setDefaultTimeout(PATIENCE_MS);
        const page = await context.newPage();
        await authenticator(page);
        const email = await signUp(page);
        const look = async (name) => {
          await page.evaluate(axe.source);
          const { violations } = await page.evaluate(() => window.axe.run());
          assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]), [], name);
          const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          assert.ok(overflow <= 0, `${name} is wider than the screen`);
          if (SCREENSHOTS) {
            await page.screenshot({ path: `${SCREENSHOTS}/${name}-${colorScheme}-${width}.png`, fullPage: true });
          }
        };
        await addPasskey(page);
        await look("passkeys");
        await page.goto(`${base}/-/account/totp`);
        await look("set-up-app");
        const picture = await page.locator("svg.qr").screenshot();
        await page.evaluate(jsQr);
        const read = await page.evaluate(async (bytes) => {
          const image = await createImageBitmap(new Blob([Uint8Array.from(bytes)], { type: "image/png" }));
          const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
          const context = canvas.getContext("2d");
          context.drawImage(image, 0, 0);
          const { data } = context.getImageData(0, 0, image.width, image.height);
          return window.jsQR(data, image.width, image.height)?.data;
        }, [...picture]);
        const uri = new URL(read);
        assert.equal(uri.protocol, "otpauth:");
        const host = new URL(origin.url).host;
        assert.equal(uri.host, "totp");
        assert.equal(decodeURIComponent(uri.pathname), `/${host.replace(":", " ")}:${email}`);
        assert.equal(uri.searchParams.get("issuer"), host.replace(":", " "));
        const secret = uri.searchParams.get("secret");
        await page.locator("[name=code]").fill("000000");
        await page.getByRole("button", { name: "Turn on" }).click();
        await page.getByText("That code isn’t right").waitFor();
        await look("set-up-app-wrong");
        await page.locator("[name=code]").fill(totp(secret));
        await page.getByRole("button", { name: "Turn on" }).click();
        await page.getByText("Your recovery codes").waitFor();
        await look("recovery-codes");
        await page.getByRole("link", { name: "I have kept them" }).click();
        await look("app");
        await page.goto(`${base}/-/confirm`);
        await look("confirm");
        await context.clearCookies();
        await page.goto(`${base}/signin`);
        await look("sign-in-passkey");
        await page.locator("[name=email]").fill(email);
        await page.locator("[name=password]").fill(PASSWORD);
        await page.locator("form:has([name=password]) button").click();
        await page.getByRole("heading", { name: "One more step" }).waitFor();
        await look("factor");
        await page.locator("[name=code]").fill("123");
        await page.getByRole("button", { name: "Continue" }).click();
        await page.getByText("That code isn’t right").waitFor();
        await look("factor-wrong");
        await context.close();
      }
    }
  });

  test("a second factor is shown without JavaScript", async () => {
    const page = await newPage();
    const email = await signUp(page);
    await page.goto(`${base}/-/account/totp`);
    await page.locator("summary").click();
    const secret = (await page.locator(".secret").textContent()).replaceAll(" ", "");
    await page.locator("[name=code]").fill(totp(secret, -1));
    await page.getByRole("button", { name: "Turn on" }).click();
    await page.getByText("Your recovery codes").waitFor();
    await page.context().close();
    const context = await chromium.newContext({ javaScriptEnabled: false });
    context.setDefaultTimeout(PATIENCE_MS);
    const plain = await context.newPage();
    await plain.goto(`${base}/signin?callbackUrl=${encodeURIComponent(`${origin.url}/there`)}`);
    assert.equal(await plain.getByRole("button", { name: "Sign in with a passkey" }).count(), 0);
    await plain.locator("[name=email]").fill(email);
    await plain.locator("[name=password]").fill(PASSWORD);
    await plain.locator("form:has([name=password]) button").click();
    await plain.locator("[name=code]").fill(totp(secret));
    await plain.getByRole("button", { name: "Continue" }).click();
    await plain.waitForURL(`${origin.url}/there`);
    await context.close();
  });

  describe("through the unmodified next-auth/webauthn", () => {
    const app = async (page) => {
      await page.goto(origin.url);
      await page.waitForFunction(() => window.webauthn);
    };
    const call = (page, options) =>
      page.evaluate((options) => window.webauthn.signIn("passkey", { redirect: false, ...options }), options);

    test("providers list it as webauthn", async () => {
      const page = await newPage();
      await app(page);
      const { passkey } = await page.evaluate(() => window.react.getProviders());
      assert.deepEqual(passkey, {
        id: "passkey",
        name: "Passkey",
        type: "webauthn",
        signinUrl: `${base}/signin/passkey`,
        callbackUrl: `${base}/callback/passkey`,
      });
      await page.context().close();
    });

    test("who is signed in registers, and signs in without a name afterwards", async () => {
      const page = await newPage();
      const device = await authenticator(page);
      const email = await signUp(page);
      await app(page);
      const registered = await call(page, { action: "register" });
      assert.deepEqual([registered.ok, registered.error, registered.status], [true, null, 200]);
      assert.equal((await device.credentials()).length, 1);
      await signOut(page);
      await app(page);
      const signedIn = await call(page, {});
      assert.deepEqual([signedIn.ok, signedIn.error, signedIn.code], [true, null, null]);
      assert.equal(signedIn.url, `${origin.url}/`);
      assert.equal((await session(page)).user.email, email);
      await page.context().close();
    });

    test("a newcomer registers with an address, and it is theirs from then on", async () => {
      const page = await newPage();
      await authenticator(page);
      await app(page);
      const email = address();
      const made = await call(page, { action: "register", email });
      assert.deepEqual([made.ok, made.error], [true, null]);
      assert.equal((await session(page)).user.email, email);
      await signOut(page);
      await app(page);
      const known = await call(page, { email });
      assert.deepEqual([known.ok, known.error], [true, null], "a known address authenticates");
      assert.equal((await session(page)).user.email, email);
      await signOut(page);
      await app(page);
      assert.equal(await call(page, { action: "register", email }), undefined, "it is not registered again");
      assert.equal(await session(page), null);
      await page.context().close();
    });

    test("an unknown passkey is refused in the original's word, and the challenge is good once", async () => {
      const page = await newPage();
      await authenticator(page);
      const email = await signUp(page);
      await app(page);
      await call(page, { action: "register" });
      await page.goto(`${base}/-/account/passkeys`);
      await page.getByRole("button", { name: /Remove/ }).click();
      await page.waitForFunction(() => document.querySelectorAll(".rows li").length === 0);
      await signOut(page);
      await app(page);
      const refused = await call(page, {});
      assert.deepEqual([refused.ok, refused.error, refused.url], [true, "WebAuthnVerificationError", null]);
      assert.equal(await session(page), null);
      assert.ok(email);
      await page.context().close();
    });

    test("signIn with a password gets ok: false, SecondFactorRequired with its code, and the page to go to", async () => {
      const page = await newPage();
      const email = await signUp(page);
      await page.goto(`${base}/-/account/totp`);
      await page.locator("summary").click();
      const secret = (await page.locator(".secret").textContent()).replaceAll(" ", "");
      await page.locator("[name=code]").fill(totp(secret, -1));
      await page.getByRole("button", { name: "Turn on" }).click();
      await page.getByText("Your recovery codes").waitFor();
      await signOut(page);
      await app(page);
      const outcome = await page.evaluate(
        (fields) => window.react.signIn("credentials", { redirect: false, ...fields }),
        { email, password: PASSWORD },
      );
      assert.deepEqual(outcome, {
        error: "SecondFactorRequired",
        code: "SecondFactorRequired",
        status: 401,
        ok: false,
        url: null,
      });
      assert.equal(await session(page), null);
      const gone = page.waitForURL(/\/-\/factor/);
      await page.evaluate(
        (fields) => void window.react.signIn("credentials", fields),
        { email, password: PASSWORD },
      );
      await gone;
      await page.locator("[name=code]").fill(totp(secret));
      await page.getByRole("button", { name: "Continue" }).click();
      await page.waitForURL(`${origin.url}/`);
      assert.equal((await session(page)).user.email, email);
      await page.context().close();
    });
  });
});

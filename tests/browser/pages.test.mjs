// Every built-in page, light and dark, on a telephone and on a desk: a screenshot to look at in `screenshots/`, no
// scrolling sideways, and nothing serious for axe to find.
import axe from "axe-core";
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { startChromium } from "../support/chromium.mjs";
import { startKeyward } from "../support/keyward.mjs";
import { openedThings } from "../support/opened.mjs";

const SCREENSHOTS = fileURLToPath(new URL("../screenshots", import.meta.url));
const WIDTHS = [360, 1280];
const THEMES = ["light", "dark"];

/** Name of the screenshot, address below the base path, status. */
const PAGES = [
  ["sign-in", "/signin", 200],
  ["sign-in-refused", "/signin?error=CredentialsSignin", 200],
  ["sign-up", "/-/signup", 200],
  ["sign-up-refused", "/-/signup?error=weak_password", 200],
  ["sign-out", "/signout", 200],
  ["verify-request", "/verify-request", 200],
  ["error", "/error", 200],
  ["error-configuration", "/error?error=Configuration", 500],
  ["error-access-denied", "/error?error=AccessDenied", 403],
  ["error-verification", "/error?error=Verification", 403],
  ["error-of-the-back-end", "/error?error=This%20account%20is%20locked", 200],
];

describeInEveryLook("the built-in pages", {
  keyward: { config: ownAccountsAndBackend() },
  pages: PAGES.map(([name, path, status]) => [name, `/api/auth${path}`, status]),
});

describeInEveryLook("the sign-in page with providers", {
  keyward: { config: { accounts: { enabled: true }, providers: manyProviders() } },
  pages: [
    ["sign-in-providers", "/api/auth/signin", 200],
    ["sign-in-not-linked", "/api/auth/signin?error=OAuthAccountNotLinked", 200],
  ],
});

describeInEveryLook("the sign-in page with a single provider", {
  keyward: { config: { providers: manyProviders().slice(0, 1) } },
  pages: [["sign-in-provider", "/api/auth/signin", 200]],
});

describeInEveryLook("the start page, in development", {
  keyward: { config: { public_url: undefined, secret: undefined }, args: ["--dev"] },
  pages: [
    ["start", "/", 200],
    ["start-signed-in", "/", 200, signUp],
  ],
});

/**
 * Registers a test of each page in each theme at each width, on a Keyward started with `keyward`. A page may have a
 * step before it: `(page, origin)`.
 */
function describeInEveryLook(title, { keyward, pages }) {
  describe(title, () => {
    const opened = openedThings();
    let server;
    let chromium;

    before(async () => {
      await mkdir(SCREENSHOTS, { recursive: true });
      server = await opened.add(startKeyward(keyward), (server) => server.stop());
      chromium = await opened.add(startChromium(), (chromium) => chromium.close());
    });
    after(() => opened.close());

    for (const [name, path, status, prepare] of pages) {
      for (const colorScheme of THEMES) {
        for (const width of WIDTHS) {
          test(`${name}, ${colorScheme}, ${width} px wide`, async () => {
            const context = await chromium.newContext({ colorScheme, viewport: { width, height: 800 } });
            try {
              const page = await context.newPage();
              const origin = server.publicUrl ?? server.url;
              await prepare?.(page, origin);
              const answer = await page.goto(origin + path);
              assert.equal(answer.status(), status);
              await look(page, `${name}-${colorScheme}-${width}`);
            } finally {
              await context.close();
            }
          });
        }
      }
    }
  });
}

/** Own accounts beside a provider of an existing back end, so that the sign-in page shows both. */
function ownAccountsAndBackend() {
  const fields = [
    { name: "email", label: "E-mail", type: "email" },
    { name: "password", label: "Password", type: "password" },
  ];
  const endpoint = "http://127.0.0.1:1/login";
  return {
    accounts: { enabled: true },
    providers: [{ id: "login", type: "backend", name: "Shop", endpoint, source: "shop", fields }],
  };
}

/** Dark, coloured and white letters, one of no colour, and a long name. */
function manyProviders() {
  const client = { type: "oauth", client_id: "a-client", client_secret: "a-secret" };
  return [
    { id: "github", ...client },
    { id: "google", ...client },
    { id: "notion", ...client },
    { id: "acme", ...client, type: "oidc", name: "Acme", issuer: "https://id.acme.example" },
    { id: "work", ...client, use: "microsoft-entra-id", name: "the account of your employer" },
  ];
}

async function signUp(page, origin) {
  await page.goto(`${origin}/api/auth/-/signup`);
  await page.locator("[name=email]").fill(`${randomUUID()}@example.com`);
  await page.locator("[name=password]").fill("plum harbour velvet 42");
  await page.locator("button[type=submit]").click();
  await page.waitForURL((url) => !url.pathname.startsWith("/api/auth"));
}

async function look(page, name) {
  await page.screenshot({ path: `${SCREENSHOTS}/${name}.png`, fullPage: true });

  const sideways = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  });
  assert.equal(sideways, 0, `the page is ${sideways} px wider than the window`);

  const { violations } = await page.evaluate(`${axe.source}; axe.run()`);
  const serious = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
  assert.deepEqual(
    serious.map(({ id, help, nodes }) => ({ id, help, where: nodes.map(({ target }) => target.join(" ")) })),
    [],
  );
}

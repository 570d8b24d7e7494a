// What a person does again and again on these journeys.
import assert from "node:assert/strict";

import { PEOPLE } from "./fakes/people.mjs";

/** Presses the application's own button: `signIn(provider)`. The browser is then at the provider. */
export async function setOut(app, provider, callbackUrl) {
  await app.callAndGo("signIn and go", { provider, ...(callbackUrl && { callbackUrl }) });
  await atProvider(app.page);
}

/** Waits until the browser shows a page of a provider. */
export function atProvider(page) {
  return page.waitForURL(({ hostname }) => hostname === "127.0.0.1");
}

/** Continues at the provider as the person `key`, or cancels there, and waits until the browser is back. */
export async function choose(page, key) {
  const { hostname } = new URL(page.url());
  const name = key ? `Continue as ${PEOPLE[key].name}` : "Cancel";
  await page.getByRole("button", { name, exact: true }).click();
  await page.waitForURL((url) => url.hostname !== hostname);
  await page.waitForLoadState("load");
}

/** Signs in from the application's page. */
export async function signIn(app, provider, key, callbackUrl) {
  await setOut(app, provider, callbackUrl);
  await choose(app.page, key);
}

/** Presses the button of `provider` on the built-in sign-in page. */
export async function pressButton(page, provider) {
  await page.locator(`form[action$="/signin/${provider}"] button`).click();
  await atProvider(page);
}

/** Waits for a page on which `useSession` shows who signed in, and gives what it shows. */
export async function landed(app, path) {
  await app.page.waitForURL((url) => url.pathname + url.search === path);
  return { at: app.page.url(), session: await app.sessionIs(true) };
}

/** Where the browser was refused: on which page of the server, and with which code. Nobody is signed in. */
export async function refusedAt(app, context) {
  const { origin, pathname, searchParams } = new URL(app.page.url());
  assert.match(pathname, /^\/api\/auth\/(signin|error)$/, app.page.url());
  const page = await context.newPage();
  await page.goto(`${origin}/api/auth/session`);
  const session = JSON.parse(await page.locator("body").innerText());
  await page.close();
  return { pathname, error: searchParams.get("error"), session };
}

/** Every cookie of the application by name, with what decides where it is sent. */
export async function cookiesOf(context, origin) {
  const cookies = await context.cookies(origin);
  return cookies
    .map(({ name, path, domain, httpOnly, secure, sameSite }) => ({ name, path, domain, httpOnly, secure, sameSite }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

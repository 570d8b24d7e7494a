// Keyward processes on one database, before a back end that hands out tokens.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Person } from "../hardening/person.mjs";
import { startKeyward } from "../support/keyward.mjs";
import { startBackEnd } from "./back-end.mjs";

export const CLIENT = { id: "shop", secret: "a-secret-of-the-shop-that-is-long-enough" };

/** Two processes (or `count`) on one database, and the back end. All is stopped after the test. */
export async function start(t, { backEnd: options, refresh = {}, config = {}, more = () => [], count = 2 } = {}) {
  const backEnd = await startBackEnd(options);
  const folder = await mkdtemp(join(tmpdir(), "keyward-tokens-"));
  const running = [];
  t.after(async () => {
    backEnd.release();
    await Promise.all(running.map((keyward) => keyward.stop()));
    await backEnd.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const keywards = [];
  // One after the other: the first makes the database.
  for (let n = 0; n < count; n += 1) {
    const own = (port) => (typeof config === "function" ? config(port) : config);
    const keyward = await startKeyward({
      config: (port) => ({
        database: { url: `sqlite://${join(folder, "keyward.db")}` },
        session: { show: { accessToken: "accessToken", refreshToken: "refreshToken" } },
        clients: [CLIENT],
        providers: [
          {
            id: "login",
            type: "backend",
            endpoint: `${backEnd.url}/login`,
            refresh: { endpoint: `${backEnd.url}/refresh`, ...refresh },
          },
          ...more(port),
        ],
        ...own(port),
      }),
    });
    running.push(keyward);
    keywards.push(keyward);
  }
  return { backEnd, keywards, folder };
}

/** Somebody who signed in at the back end, through this process. */
export async function signIn(keyward, email = "ada@example.org") {
  const person = new Person(keyward);
  const response = await person.post("callback/login", { email, password: "right" });
  assert.equal(response.status, 200, await response.text());
  return person;
}

/** The cookies that a person has, for requests of one's own. */
export function cookiesOf(person) {
  return [...person.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
}

/** Reads the session at a process, with these cookies and whatever comes back. */
export async function read(keyward, cookie) {
  const response = await fetch(`${keyward.url}/api/auth/session`, { headers: { cookie } });
  return { status: response.status, session: await response.json(), cookies: response.headers.getSetCookie() };
}

/** Asks for the token that is valid now, as an application's server side does. */
export async function token(keyward, cookie, { id, secret } = CLIENT) {
  const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;
  const headers = { cookie, ...(secret && { authorization }) };
  const response = await fetch(`${keyward.url}/api/auth/-/v1/token`, { method: "POST", headers });
  return { status: response.status, body: await response.json(), headers: response.headers };
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until something holds. */
export async function until(what, holds, withinMs = 10_000) {
  for (const deadline = Date.now() + withinMs; Date.now() < deadline; ) {
    if (await holds()) return;
    await sleep(20);
  }
  throw new Error(`not within ${withinMs} ms: ${what}`);
}

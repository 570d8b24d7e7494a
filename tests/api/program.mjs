// A program that calls the JSON API, as a front end or an application's server side does.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { startKeyward } from "../support/keyward.mjs";

export const PASSWORD = "plum-teapot-orbit-91";
export const AUDIENCE = "https://api.test";
export const CLIENT = { id: "shop", secret: "kX2-9fQ_a7Lw3ZsT0vBn5RyE8cJu1HdM" };

/** Several processes on one database, with tokens for programs. `tokens` is laid over the table of that name, `more` over all. */
export async function startTogether(t, count, tokens = {}, more = {}) {
  const folder = await mkdtemp(join(tmpdir(), "keyward-api-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const start = async () => {
    const keyward = await startKeyward({
      config: {
        public_url: "https://app.test",
        database: { url: `sqlite://${join(folder, "k.db")}` },
        accounts: { enabled: true },
        limits: { sign_in_per_address: "10000/minute", sign_up_per_address: "10000/minute", sign_in_per_account: "1000/minute" },
        tokens: { audiences: [{ name: AUDIENCE, scopes: ["read", "write"] }], ...tokens },
        clients: [{ ...CLIENT, audiences: [AUDIENCE] }],
        ...more,
      },
    });
    t.after(() => keyward.stop());
    return keyward;
  };
  return { start, processes: await Promise.all(Array.from({ length: count }, start)) };
}

/** Calls `-/v1/<name>`: POST with members, GET without. Gives status and answer. */
export async function call({ url }, name, members, headers = {}) {
  const response = await fetch(`${url}/api/auth/-/v1/${name}`, {
    method: members ? "POST" : "GET",
    headers: { ...(members && { "content-type": "application/json" }), ...headers },
    body: members && JSON.stringify(members),
  });
  return { status: response.status, answer: await response.json() };
}

export const signUp = (keyward, email) => call(keyward, "sign-up", { email, password: PASSWORD });
export const refresh = (keyward, refreshToken) => call(keyward, "refresh", { refreshToken });
export const me = (keyward, { accessToken }) => call(keyward, "me", undefined, { authorization: `Bearer ${accessToken}` });

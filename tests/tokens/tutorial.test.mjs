// The tutorials' shape with the unmodified next-auth 4: accessToken, refreshToken, accessTokenExpires in milliseconds,
// and no word in the configuration about where they lie.
import assert from "node:assert/strict";
import { test } from "node:test";

import { cookiesOf, signIn, sleep, start } from "./setup.mjs";

test("d1 d2 d3 next-auth 4's getSession and getToken see the tutorials' fields, fresh, and the error", async (t) => {
  const { backEnd, keywards } = await start(t, {
    count: 1,
    backEnd: { lifeMs: 2_000 },
    config: { session: { show: { accessToken: "accessToken" } } },
  });
  const [keyward] = keywards;
  // Read when the package is loaded.
  process.env.NEXTAUTH_URL = keyward.publicUrl;
  process.env.NEXTAUTH_URL_INTERNAL = keyward.url;
  process.env.NEXTAUTH_SECRET = (await import("../support/keyward.mjs")).SECRET;
  const { getSession } = (await import("next-auth-4/react")).default;
  const { getToken } = (await import("next-auth-4/jwt")).default;

  const person = await signIn(keyward);
  const request = () => ({ headers: { cookie: cookiesOf(person) }, cookies: Object.fromEntries(person.cookies) });
  const first = await getSession({ req: request() });
  assert.equal(first.accessToken, "f1.a1");
  assert.equal(first.refreshToken, undefined, "only where it was asked for");
  const token = await getToken({ req: request() });
  assert.equal(token.accessToken, "f1.a1");
  assert.ok(Math.abs(token.accessTokenExpires - Date.now() - backEnd.lifeMs) < 1_500, token.accessTokenExpires);
  assert.equal(token.refreshToken, undefined);

  await sleep(backEnd.lifeMs);
  backEnd.lifeMs = 60_000;
  const second = await getSession({ req: request() });
  assert.deepEqual([second.accessToken, second.error], ["f1.a2", undefined]);
  await person.session();
  assert.equal((await getToken({ req: request() })).accessToken, "f1.a2", "the renewed cookie has it too");
  assert.equal(backEnd.refreshes.length, 1);
  assert.deepEqual(backEnd.refreshes.map((refresh) => refresh.token), ["f1.r1"]);
});

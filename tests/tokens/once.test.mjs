// Refreshed once for everybody (D2, D4): many tabs, two processes, a back end that revokes the family on reuse.
import assert from "node:assert/strict";
import { test } from "node:test";

import { cookiesOf, read, signIn, sleep, start, token, until } from "./setup.mjs";

const EACH = 250;

for (const [name, strategy] of [
  ["sealed in the cookie", "sealed"],
  ["stored in the database", "stored"],
]) {
  test(`d2 d4 500 reads of a session ${name} at the expiry, at two processes, make one refresh, and all get the new token`, async (t) => {
    const config = { session: { strategy, show: { accessToken: "accessToken" } } };
    const { backEnd, keywards } = await start(t, { config, refresh: { timeout: "20s" } });
    const cookie = cookiesOf(await signIn(keywards[0]));
    const first = (await read(keywards[1], cookie)).session.accessToken;
    assert.ok(backEnd.isGood(first), first);
    assert.equal(backEnd.refreshes.length, 0);

    await sleep(backEnd.lifeMs + 50);
    // From then on they live long enough to be looked at.
    backEnd.lifeMs = 60_000;
    backEnd.answer = "hold";
    let answered = 0;
    const reads = keywards.map((keyward) =>
      Array.from({ length: EACH }, async () => {
        const answer = await read(keyward, cookie);
        answered += 1;
        return answer;
      }),
    );
    await until("the refresh is in flight", () => backEnd.refreshes.length > 0);
    // Long enough for every read to arrive: the back end has not answered, so none can be answered.
    await sleep(2_000);
    assert.equal(answered, 0, "all 500 wait for the refresh that is in flight, 250 at each process");
    backEnd.release();
    const answers = await Promise.all(reads.flat());

    assert.equal(answers.length, 2 * EACH);
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
    const tokens = new Set(answers.map(({ session }) => session.accessToken));
    assert.equal(tokens.size, 1);
    assert.ok(backEnd.isGood([...tokens][0]), "it is the new one");
    assert.notEqual([...tokens][0], first);
    assert.deepEqual([...new Set(answers.map(({ session }) => session.error))], [undefined]);
    assert.equal(backEnd.refreshes.length, 1);
    assert.equal(backEnd.reuses, 0);
  });
}

test("d2 everybody waits for a back end that takes 5 seconds", async (t) => {
  const { backEnd, keywards } = await start(t, { backEnd: { delayMs: 5_000 }, refresh: { timeout: "10s" } });
  const cookie = cookiesOf(await signIn(keywards[0]));
  await sleep(backEnd.lifeMs + 50);
  // From then on they live long enough to be looked at.
  backEnd.lifeMs = 60_000;
  const answers = await Promise.all(
    keywards.flatMap((keyward) => Array.from({ length: 100 }, () => read(keyward, cookie))),
  );
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
  for (const { session } of answers) assert.ok(backEnd.isGood(session.accessToken), JSON.stringify(session));
  assert.equal(backEnd.refreshes.length, 1);
  assert.equal(backEnd.reuses, 0);
});

test("d4 a client that keeps sending its oldest cookie gets the newest token for ever", async (t) => {
  const { backEnd, keywards } = await start(t, { backEnd: { lifeMs: 1_600 } });
  const oldest = cookiesOf(await signIn(keywards[0]));
  const seen = new Set();
  for (const end = Date.now() + 10_000; Date.now() < end; ) {
    const answers = await Promise.all(keywards.flatMap((keyward) => [read(keyward, oldest), read(keyward, oldest)]));
    for (const { status, session } of answers) {
      assert.equal(status, 200);
      assert.equal(session.error, undefined);
      seen.add(session.accessToken);
    }
    await sleep(100);
  }
  assert.ok(seen.size >= 6, `${seen.size} tokens in 10 s, each of which lives for 1.6 s`);
  assert.equal(backEnd.refreshes.length, seen.size - 1, "one refresh for each token but the first");
  assert.equal(backEnd.reuses, 0);
});

test("d2 a refresh without a new refresh token keeps the old one", async (t) => {
  const { backEnd, keywards } = await start(t, { count: 1, backEnd: { lifeMs: 1_200, rotates: false } });
  const cookie = cookiesOf(await signIn(keywards[0]));
  for (let round = 1; round <= 3; round += 1) {
    await sleep(backEnd.lifeMs + 50);
    const { session } = await read(keywards[0], cookie);
    assert.equal(session.accessToken, `f1.a${round + 1}`);
    assert.equal(session.refreshToken, "f1.r1", "shown where it was asked for");
  }
  assert.deepEqual([...new Set(backEnd.refreshes.map((refresh) => refresh.token))], ["f1.r1"]);
});

test("d2 invariant 8 sign-out wins over a refresh in flight, at both processes and in every cookie", async (t) => {
  const { backEnd, keywards } = await start(t, { refresh: { timeout: "20s" } });
  const person = await signIn(keywards[0]);
  const cookie = cookiesOf(person);
  await sleep(backEnd.lifeMs + 50);
  backEnd.answer = "hold";
  const reads = keywards.flatMap((keyward) => Array.from({ length: 20 }, () => read(keyward, cookie)));
  await until("the refresh is in flight", () => backEnd.refreshes.length > 0);
  const signedOut = await person.post("signout", {});
  assert.equal(signedOut.status, 200);
  // The other process may not have heard of it yet: the vault has.
  backEnd.release();
  for (const { status, session, cookies } of await Promise.all(reads)) {
    assert.equal(status, 200);
    assert.deepEqual(session, {});
    const set = cookies.filter((line) => line.includes("session-token") && !/Max-Age=0/.test(line));
    assert.deepEqual(set, [], "no cookie comes back to life");
  }
  await sleep(1_100);
  for (const keyward of keywards) assert.deepEqual((await read(keyward, cookie)).session, {});
  assert.equal(backEnd.refreshes.length, 1);
});

test("e4 an application gets the token that is valid now, with its own credential beside the cookie", async (t) => {
  const { backEnd, keywards } = await start(t, { backEnd: { lifeMs: 1_500 } });
  const cookie = cookiesOf(await signIn(keywards[0]));
  for (let round = 0; round < 3; round += 1) {
    const answers = await Promise.all(keywards.flatMap((keyward) => [token(keyward, cookie), token(keyward, cookie)]));
    for (const { status, body, headers } of answers) {
      assert.equal(status, 200, JSON.stringify(body));
      assert.ok(backEnd.isGood(body.accessToken), JSON.stringify(body));
      assert.equal(body.tokenType, "Bearer");
      assert.ok(body.expiresIn >= 0 && body.expiresIn <= 2, JSON.stringify(body));
      assert.equal(headers.get("cache-control"), "private, no-cache, no-store");
      assert.deepEqual(headers.getSetCookie(), []);
    }
    await sleep(backEnd.lifeMs);
  }
  assert.equal(backEnd.refreshes.length, 2);

  const alone = await token(keywards[0], cookie, {});
  assert.deepEqual([alone.status, alone.body.error], [401, "invalid_client"]);
  const wrong = await token(keywards[0], cookie, { id: "shop", secret: "another-secret-that-is-long-enough-too" });
  assert.deepEqual([wrong.status, wrong.body.error], [401, "invalid_client"]);
  const nobody = await token(keywards[0], "");
  assert.deepEqual([nobody.status, nobody.body.error], [401, "SessionRequired"]);
});

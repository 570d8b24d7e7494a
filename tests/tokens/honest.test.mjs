// What can be known of a refresh is acted on, what can't is said (D3, D4). Each test counts the calls.
import assert from "node:assert/strict";
import { test } from "node:test";

import { startBackEnd } from "./back-end.mjs";
import { cookiesOf, read, signIn, sleep, start, token, until } from "./setup.mjs";

const ERROR = "RefreshAccessTokenError";

test("d4 a refresh whose connection was cut after it was sent is an error, and never a reuse", async (t) => {
  const { backEnd, keywards } = await start(t, { backEnd: { answer: "cut" } });
  const cookie = cookiesOf(await signIn(keywards[0]));
  await sleep(backEnd.lifeMs + 50);
  const answers = await Promise.all(keywards.flatMap((keyward) => [read(keyward, cookie), read(keyward, cookie)]));
  for (const { status, session } of answers) assert.deepEqual([status, session.error], [200, ERROR]);
  backEnd.answer = "ok";
  for (let look = 0; look < 5; look += 1) {
    for (const keyward of keywards) assert.equal((await read(keyward, cookie)).session.error, ERROR);
    await sleep(500);
  }
  assert.equal(backEnd.refreshes.length, 1);
  assert.equal(backEnd.reuses, 0);
  const asked = await token(keywards[0], cookie);
  assert.deepEqual([asked.status, asked.body.error], [401, "foreign_token_over"]);
});

test("d4 with a declared grace it is sent once more under the same key, and works", async (t) => {
  const { backEnd, keywards } = await start(t, {
    backEnd: { answer: "cut once", graceMs: 8_000 },
    refresh: { grace: "8s", timeout: "2s" },
  });
  const cookie = cookiesOf(await signIn(keywards[0]));
  await sleep(backEnd.lifeMs + 50);
  const answers = await Promise.all(keywards.flatMap((keyward) => [read(keyward, cookie), read(keyward, cookie)]));
  for (const { session } of answers) {
    assert.equal(session.error, undefined);
    assert.ok(backEnd.isGood(session.accessToken), JSON.stringify(session));
  }
  assert.equal(backEnd.refreshes.length, 2);
  assert.equal(new Set(backEnd.refreshes.map(({ key, token }) => `${key} ${token}`)).size, 1);
  assert.ok(backEnd.refreshes[0].key);
  assert.equal(backEnd.reuses, 0);
});

test("d4 with a declared grace it is sent twice at most", async (t) => {
  const { backEnd, keywards } = await start(t, {
    backEnd: { answer: "cut", graceMs: 8_000 },
    refresh: { grace: "8s", timeout: "2s" },
  });
  const cookie = cookiesOf(await signIn(keywards[0]));
  await sleep(backEnd.lifeMs + 50);
  assert.equal((await read(keywards[0], cookie)).session.error, ERROR);
  await sleep(3_000);
  assert.equal((await read(keywards[1], cookie)).session.error, ERROR);
  assert.equal(backEnd.refreshes.length, 2);
  assert.equal(backEnd.reuses, 0);
});

test("d4 kill -9 of the process that sent the refresh: without a grace an error, and no reuse", async (t) => {
  const { backEnd, keywards } = await start(t, { refresh: { timeout: "2s" } });
  const [winner, other] = keywards;
  const cookie = cookiesOf(await signIn(winner));
  await killedInFlight(backEnd, winner, cookie);
  const { status, session } = await read(other, cookie);
  assert.deepEqual([status, session.error], [200, ERROR]);
  assert.equal((await read(other, cookie)).session.error, ERROR);
  assert.equal(backEnd.refreshes.length, 1);
  assert.equal(backEnd.reuses, 0);

  const again = cookiesOf(await signIn(other));
  const { session: fresh } = await read(other, again);
  assert.equal(fresh.error, undefined, "a new sign-in is all it takes");
  assert.ok(backEnd.isGood(fresh.accessToken));
});

test("d4 kill -9 of the process that sent the refresh: with a grace the same key once more", async (t) => {
  const { backEnd, keywards } = await start(t, {
    backEnd: { graceMs: 15_000 },
    refresh: { grace: "15s", timeout: "2s" },
  });
  const [winner, other] = keywards;
  const cookie = cookiesOf(await signIn(winner));
  await killedInFlight(backEnd, winner, cookie);
  backEnd.answer = "ok";
  const { session } = await read(other, cookie);
  assert.equal(session.error, undefined);
  assert.equal(session.accessToken, "f1.a2", "the successor that the killed process did not get to see");
  assert.equal(backEnd.refreshes.length, 2);
  assert.equal(new Set(backEnd.refreshes.map(({ key }) => key)).size, 1);
  assert.equal(backEnd.reuses, 0);
});

async function killedInFlight(backEnd, winner, cookie) {
  await sleep(backEnd.lifeMs + 50);
  backEnd.answer = "hold";
  const cut = read(winner, cookie).then(
    () => assert.fail("it was killed"),
    () => {},
  );
  await until("the refresh was sent", () => backEnd.refreshes.length === 1);
  process.kill(winner.pid, "SIGKILL");
  await cut;
}

test("d4 a client that hangs up takes nothing with it: the refresh is written down all the same", async (t) => {
  const { backEnd, keywards } = await start(t, { refresh: { timeout: "20s" } });
  const cookie = cookiesOf(await signIn(keywards[0]));
  await sleep(backEnd.lifeMs + 50);
  backEnd.answer = "hold";
  const abort = new AbortController();
  const url = `${keywards[0].url}/api/auth/session`;
  const hungUp = fetch(url, { headers: { cookie }, signal: abort.signal }).catch(() => "hung up");
  await until("the refresh was sent", () => backEnd.refreshes.length === 1);
  abort.abort();
  assert.equal(await hungUp, "hung up");
  await sleep(200);
  backEnd.release();
  backEnd.answer = "ok";
  for (const keyward of keywards) {
    const { session } = await read(keyward, cookie);
    assert.equal(session.error, undefined);
    assert.equal(session.accessToken, "f1.a2");
  }
  assert.equal(backEnd.refreshes.length, 1);
});

test("d4 a refresh in flight when the process is told to end is written down first", async (t) => {
  const { backEnd, keywards } = await start(t, { backEnd: { delayMs: 1_500 } });
  const [ending, other] = keywards;
  const cookie = cookiesOf(await signIn(ending));
  await sleep(backEnd.lifeMs + 50);
  const abort = new AbortController();
  const url = `${ending.url}/api/auth/session`;
  const hungUp = fetch(url, { headers: { cookie }, signal: abort.signal }).catch(() => {});
  await until("the refresh was sent", () => backEnd.refreshes.length === 1);
  abort.abort();
  await hungUp;
  await ending.stop();
  const { session } = await read(other, cookie);
  assert.equal(session.error, undefined);
  assert.equal(session.accessToken, "f1.a2");
  assert.equal(backEnd.refreshes.length, 1);
});

test("d4 a refresh that was provably not sent is made when the back end is there again", async (t) => {
  const { backEnd, keywards } = await start(t);
  const cookie = cookiesOf(await signIn(keywards[0]));
  await backEnd.stop();
  await sleep(backEnd.lifeMs + 50);
  for (const keyward of keywards) assert.equal((await read(keyward, cookie)).session.error, ERROR, "while it is away");
  const back = await startBackEnd({ port: backEnd.port, families: backEnd.families });
  t.after(() => back.stop());
  await until("it works again", async () => (await read(keywards[1], cookie)).session.error === undefined);
  assert.ok(back.isGood((await read(keywards[0], cookie)).session.accessToken));
  assert.equal(back.refreshes.length, 1);
  assert.equal(back.reuses, 0);
});

test("d3 a refusal is shown and asks for a new sign-in; it is not asked again", async (t) => {
  const { backEnd, keywards } = await start(t, { backEnd: { answer: "refuse" }, refresh: { error: "AuthError" } });
  const cookie = cookiesOf(await signIn(keywards[0]));
  await sleep(backEnd.lifeMs + 50);
  for (let look = 0; look < 3; look += 1) {
    for (const keyward of keywards) {
      const { status, session } = await read(keyward, cookie);
      assert.deepEqual([status, session.error, session.user.email], [200, "AuthError", "ada@example.org"]);
    }
    await sleep(700);
  }
  assert.equal(backEnd.refreshes.length, 1);
  backEnd.answer = "ok";
  const again = cookiesOf(await signIn(keywards[0]));
  assert.equal((await read(keywards[1], again)).session.error, undefined);
});

test("d3 a failing back end: the old token serves while it is valid, then an error, which a working refresh takes away", async (t) => {
  const { backEnd, keywards } = await start(t, { backEnd: { lifeMs: 12_000, answer: "fail" } });
  const cookie = cookiesOf(await signIn(keywards[0]));
  const handedOut = backEnd.families.get("f1").until - backEnd.lifeMs;
  const at = (ms) => sleep(Math.max(0, handedOut + ms - Date.now()));
  const look = async (n) => (await read(keywards[n % 2], cookie)).session;

  // Due after three quarters of its life.
  await at(9_300);
  const early = await look(0);
  assert.deepEqual([early.accessToken, early.error], ["f1.a1", undefined]);
  assert.equal(backEnd.refreshes.length, 1, "it was tried");
  for (let n = 0; n < 10; n += 1) assert.equal((await look(n)).error, undefined);
  assert.equal(backEnd.refreshes.length, 1, "and left alone for a second");
  await at(10_600);
  assert.equal((await look(1)).error, undefined);
  assert.equal(backEnd.refreshes.length, 2);

  await at(12_100);
  const late = await look(0);
  assert.deepEqual([late.error, late.user.email], [ERROR, "ada@example.org"]);
  const asked = await token(keywards[0], cookie);
  assert.deepEqual([asked.status, asked.body.error], [503, "foreign_token_unavailable"]);
  assert.ok(Number(asked.headers.get("retry-after")) >= 1);
  assert.ok(backEnd.refreshes.length <= 3, `${backEnd.refreshes.length}`);

  backEnd.answer = "ok";
  await until("it works again", async () => (await look(0)).error === undefined, 6_000);
  for (const keyward of keywards) {
    const { session } = await read(keyward, cookie);
    assert.deepEqual([session.accessToken, session.error], ["f1.a2", undefined]);
  }
  assert.equal(backEnd.reuses, 0);
});

test("lesson_60 many people at once: each gets their own tokens and nobody else's", async (t) => {
  const { backEnd, keywards } = await start(t, { backEnd: { lifeMs: 5_000 } });
  const people = await Promise.all(
    Array.from({ length: 60 }, async (_, n) => {
      const person = await signIn(keywards[n % 2], `p${n}@example.org`);
      const cookie = cookiesOf(person);
      const { session } = await read(keywards[n % 2], cookie);
      return { email: `p${n}@example.org`, cookie, family: session.accessToken.split(".")[0] };
    }),
  );
  assert.equal(new Set(people.map(({ family }) => family)).size, 60);
  await sleep(backEnd.lifeMs + 50);
  backEnd.lifeMs = 60_000;
  const answers = await Promise.all(
    people.flatMap(({ email, cookie, family }) =>
      keywards.flatMap((keyward) => [0, 1].map(async () => ({ email, family, ...(await read(keyward, cookie)) }))),
    ),
  );
  for (const { email, family, session } of answers) {
    assert.equal(session.user.email, email);
    assert.equal(session.accessToken, `${family}.a2`);
  }
  assert.equal(backEnd.refreshes.length, 60);
  assert.equal(backEnd.reuses, 0);
});

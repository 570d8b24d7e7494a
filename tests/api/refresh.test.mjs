// Refresh tokens between processes on one database, and over the death of one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { call, me, refresh, signUp, startTogether } from "./program.mjs";

test("f2 fifty refreshes with one token in two processes at once get one successor", async (t) => {
  const { processes } = await startTogether(t, 2);
  for (let round = 0; round < 5; round += 1) {
    let { answer: tokens } = await signUp(processes[round % 2], `r${round}@example.com`);
    for (let turn = 0; turn < 3; turn += 1) {
      const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => refresh(processes[n % 2], tokens.refreshToken)));
      assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
      const successors = new Set(answers.map(({ answer }) => answer.refreshToken));
      assert.equal(successors.size, 1, "one successor for all");
      assert.ok(!successors.has(tokens.refreshToken));
      assert.equal(new Set(answers.map(({ answer }) => answer.accessToken)).size, 50, "each has an access token of its own");
      tokens = answers[0].answer;
    }
    for (const keyward of processes) assert.equal((await me(keyward, tokens)).status, 200);
  }
});

test("lesson_22_ after the grace a second use ends the session in every process", async (t) => {
  const { processes } = await startTogether(t, 2, { refresh_grace: "1s" });
  const { answer: first } = await signUp(processes[0], "ada@example.com");
  const { answer: second } = await refresh(processes[1], first.refreshToken);
  const { answer: again } = await refresh(processes[0], first.refreshToken);
  assert.equal(again.refreshToken, second.refreshToken);
  await sleep(1_300);
  // A copy, used from many places at once.
  const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => refresh(processes[n % 2], first.refreshToken)));
  for (const { status, answer } of answers) assert.deepEqual([status, answer.error], [401, "invalid_grant"]);
  for (const keyward of processes) {
    assert.equal((await refresh(keyward, second.refreshToken)).answer.error, "invalid_grant");
    assert.equal((await me(keyward, second)).answer.error, "invalid_token");
  }
  const told = processes.flatMap(({ log }) => log.match(/a refresh token came a second time/g) ?? []);
  assert.equal(told.length, 1, "one reuse");
  for (const { log } of processes) assert.ok(!log.includes(first.refreshToken) && !log.includes(second.refreshToken));
});

test("lesson_25_ what was ended stays ended over kill -9 and a restart", async (t) => {
  const { start, processes } = await startTogether(t, 1, { refresh_grace: "1s" });
  const [keyward] = processes;
  const { answer: left } = await signUp(keyward, "left@example.com");
  const { answer: stolen } = await signUp(keyward, "stolen@example.com");
  const { answer: current } = await refresh(keyward, stolen.refreshToken);
  const { answer: alive } = await signUp(keyward, "alive@example.com");
  await sleep(1_300);
  assert.equal((await call(keyward, "sign-out", { refreshToken: left.refreshToken })).status, 200);
  assert.equal((await refresh(keyward, stolen.refreshToken)).status, 401);
  process.kill(keyward.pid, "SIGKILL");
  const again = await start();
  for (const tokens of [left, stolen, current]) {
    assert.equal((await refresh(again, tokens.refreshToken)).answer.error, "invalid_grant");
    assert.equal((await me(again, tokens)).answer.error, "invalid_token");
  }
  assert.equal((await refresh(again, alive.refreshToken)).status, 200);
  assert.equal((await me(again, alive)).status, 200, "and is signed by a key that is still known");
});

test("f2 a refresh that kill -9 cut off is made up for by asking again, and no family is lost or forked", async (t) => {
  const { start, processes } = await startTogether(t, 2, { refresh_grace: "60s" });
  const [steady] = processes;
  let other = processes[1];
  const families = [];
  for (let n = 0; n < 8; n += 1) {
    const { answer } = await signUp(steady, `n${n}@example.com`);
    families.push({ token: answer.refreshToken, answered: 0, cut: 0 });
  }
  const answered = () => families.reduce((sum, family) => sum + family.answered, 0);
  for (let round = 0; round < 8; round += 1) {
    const load = families.map((family) => keepRefreshing(other, family));
    // In the middle of it, however fast the machine is.
    const [enough, deadline] = [answered() + 16, Date.now() + 30_000];
    while (answered() < enough && Date.now() < deadline) await sleep(1);
    await sleep(Math.random() * 100);
    process.kill(other.pid, "SIGKILL");
    await Promise.all(load);
    // Whatever was cut off: the token that the program still has leads on, in the process that lives.
    for (const family of families) {
      const { status, answer } = await refresh(steady, family.token);
      assert.equal(status, 200, JSON.stringify(answer));
      const { answer: twin } = await refresh(steady, family.token);
      assert.equal(twin.refreshToken, answer.refreshToken, "one successor, also of what was cut off");
      family.token = answer.refreshToken;
    }
    other = await start();
  }
  const cut = families.reduce((sum, family) => sum + family.cut, 0);
  assert.ok(answered() > 100 && cut > 8, `${answered()} answered, ${cut} cut off`);
  t.diagnostic(`${answered()} refreshes answered, ${cut} cut off by 8 kills`);
});

/** Refreshes until the server is gone. */
async function keepRefreshing(keyward, family) {
  for (;;) {
    try {
      const { status, answer } = await refresh(keyward, family.token);
      assert.equal(status, 200, JSON.stringify(answer));
      family.token = answer.refreshToken;
      family.answered += 1;
    } catch (error) {
      if (error.code === "ERR_ASSERTION") throw error;
      family.cut += 1;
      return;
    }
  }
}

test("f2 processes that start at once on a new database publish and use one key", async (t) => {
  const { processes } = await startTogether(t, 3);
  const sets = await Promise.all(processes.map((keyward) => call(keyward, "jwks")));
  for (const { answer } of sets) assert.deepEqual(answer, sets[0].answer);
  assert.equal(sets[0].answer.keys.length, 1, "one key");
  const { answer: tokens } = await signUp(processes[0], "ada@example.com");
  const said = await Promise.all(processes.map((keyward) => me(keyward, tokens)));
  for (const { status, answer } of said) assert.deepEqual([status, answer.user.email], [200, "ada@example.com"]);
  assert.equal((await call(processes[1], "sign-out", { refreshToken: tokens.refreshToken })).status, 200);
  for (const keyward of processes) assert.equal((await me(keyward, tokens)).status, 401, "gone everywhere, at once");
});

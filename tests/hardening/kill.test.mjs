// What was answered is on disk: the process is killed for real, the accounts are all there.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { startKeyward } from "../support/keyward.mjs";
import { Person } from "./person.mjs";

const ROUNDS = 20;
const CLIENTS = 4;

test("f1 after kill -9 at 20 random moments every account whose sign-up was answered can sign in", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "keyward-kill-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const start = () =>
    startKeyward({ config: { database: { url: `sqlite://${join(folder, "k.db")}` }, accounts: { enabled: true } } });

  let answered = [];
  let checked = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const keyward = await start();
    try {
      for (const email of answered) {
        const response = await new Person(keyward).signIn(email);
        assert.equal(response.status, 200, `${email} was answered before the kill`);
        checked += 1;
      }
      answered = [];
      const load = Array.from({ length: CLIENTS }, (_, client) => signUps(keyward, `r${round}c${client}`, answered));
      await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 450));
      process.kill(keyward.pid, "SIGKILL");
      await Promise.all(load);
    } finally {
      await keyward.stop();
    }
  }
  const keyward = await start();
  try {
    for (const email of answered) assert.equal((await new Person(keyward).signIn(email)).status, 200);
    checked += answered.length;
  } finally {
    await keyward.stop();
  }
  assert.ok(checked >= ROUNDS, `only ${checked} sign-ups were answered: the kills came before the load`);
  t.diagnostic(`${checked} answered sign-ups survived ${ROUNDS} kills`);
});

/** Signs people up until the server is gone. */
async function signUps(keyward, prefix, answered) {
  for (let i = 0; ; i += 1) {
    const email = `${prefix}n${i}@example.com`;
    try {
      const response = await new Person(keyward).signUp(email);
      const { url } = await response.json();
      if (response.status !== 200 || new URL(url).searchParams.has("error")) continue;
    } catch {
      return;
    }
    answered.push(email);
  }
}

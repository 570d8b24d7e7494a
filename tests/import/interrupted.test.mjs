// An import that is cut off and run again: nobody twice, nobody left out, and the same memory however long the file is.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { ended, importing, lines } from "./importing.mjs";

const bcrypt = "$2b$04$L5gGJNPknDLN4lIC2KoWUO.PPp6HL0YLisJ704Baj2LWEZOuyy./q";
const person = (n) => ({
  id: `person-${(n * 7919) % 1_000_003}`,
  email: `person${n}@example.com`,
  email_verified: n % 2 === 0,
  name: `Person ${n}`,
  password_hash: bcrypt,
  accounts: [{ provider: "github", id: `${n}` }],
});
const people = (count) => lines(Array.from({ length: count }, (_, n) => person(n)));

async function users(here) {
  return here.there("keyward.db") ? Number(here.query("SELECT count(*) FROM user")[0][0]) : 0;
}

test("after kill -9 in the middle the same command goes on: nobody twice, nobody missing", async (t) => {
  const here = await importing(t);
  const COUNT = 20_000;
  await here.write("people.jsonl", people(COUNT) + lines([{ id: "bad", email: "nope" }]));
  let before = 0;
  for (let kills = 0; kills < 4; kills++) {
    const child = here.started("people.jsonl", []);
    const end = ended(child);
    // Some way on from where the last one stopped.
    while (child.exitCode === null && child.signalCode === null) {
      await pause(20);
      const now = await users(here).catch(() => before);
      if (now >= before + COUNT / 8) break;
    }
    child.kill("SIGKILL");
    await end;
    before = await users(here);
    assert.equal(before % 500, 0, "whole batches");
    assert.deepEqual(here.query("SELECT count(*) FROM user WHERE id NOT IN (SELECT user FROM password)"), [["0"]]);
    assert.deepEqual(here.query("SELECT count(*) FROM user WHERE id NOT IN (SELECT user FROM account)"), [["0"]]);
  }
  assert.ok(before > 0 && before < COUNT, `${before}`);
  const last = await here.run("people.jsonl");
  assert.deepEqual(last.counts, [COUNT - before, before, 1], last.output);
  assert.deepEqual(here.query("SELECT count(*), count(DISTINCT id), count(DISTINCT email) FROM user"), [
    [`${COUNT}`, `${COUNT}`, `${COUNT}`],
  ]);
  assert.deepEqual(here.query("PRAGMA integrity_check"), [["ok"]]);
  assert.equal(await here.read("people.refused.jsonl"), lines([{ id: "bad", email: "nope" }]), "once, not once a run");
});

test("Ctrl-C ends after the batch under way and says how to go on", async (t) => {
  const here = await importing(t);
  await here.write("people.jsonl", people(20_000));
  const child = here.started("people.jsonl", []);
  const end = ended(child);
  while ((await users(here).catch(() => 0)) === 0) await pause(10);
  child.kill("SIGINT");
  const { code, output, counts } = await end;
  assert.equal(code, 1);
  assert.match(output, /interrupted[\s\S]*run the same command again/);
  assert.equal(await users(here), counts[0]);
  const again = await here.run("people.jsonl");
  assert.deepEqual([again.code, again.counts], [0, [20_000 - counts[0], counts[0], 0]]);
});

test("on a terminal a bar is drawn, and elsewhere none", async (t) => {
  const here = await importing(t);
  await here.write("people.jsonl", people(4_000));
  const { output } = await here.run("people.jsonl", "--dry-run");
  assert.ok(!output.includes("\r") && !output.includes("\u001b"), output);
  const call = here.call("people.jsonl", ["--dry-run"]);
  const child = spawn("script", ["-qec", call.map((arg) => `'${arg}'`).join(" "), "/dev/null"]);
  const drawn = await ended(child);
  assert.match(drawn.output, /\r\[#*\.+\] +\d+%  \d+ users, \d+ a second/);
  assert.deepEqual([drawn.code, drawn.output.match(/(\d+)  made/)?.[1]], [0, "4000"]);
});

test("memory does not grow with the file", async (t) => {
  const peak = async (count) => {
    const here = await importing(t);
    await here.write("people.jsonl", people(count));
    const child = here.started("people.jsonl", []);
    const end = ended(child);
    let most = 0;
    while (child.exitCode === null && child.signalCode === null) {
      const status = await readFile(`/proc/${child.pid}/status`, "utf8").catch(() => "");
      most = Math.max(most, Number(status.match(/VmHWM:\s+(\d+) kB/)?.[1] ?? 0));
      await pause(5);
    }
    assert.equal((await end).code, 0);
    return most;
  };
  const [few, many] = [await peak(4_000), await peak(40_000)];
  assert.ok(few > 0 && many < few + 12 * 1024, `${few} kB with 4,000, ${many} kB with 40,000`);
});

test("an import beside a serving Keyward disturbs nobody, and people come in while it runs", async (t) => {
  const here = await importing(t);
  await here.write("first.jsonl", people(1));
  await here.run("first.jsonl");
  const keyward = await here.serve();
  t.after(() => keyward.stop());
  await here.write("people.jsonl", people(10_000));
  const end = here.run("people.jsonl");
  let answered = 0;
  const done = end.then(() => true);
  while (!(await Promise.race([done, pause(20)]))) {
    assert.equal((await fetch(`${keyward.url}/readyz`)).status, 200);
    assert.equal((await fetch(`${keyward.url}/api/auth/session`)).status, 200);
    answered++;
  }
  assert.deepEqual((await end).counts, [9_999, 1, 0]);
  assert.ok(answered > 3, `${answered}`);
});

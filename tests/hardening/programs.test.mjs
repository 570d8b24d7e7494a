// A thousand people at once through the JSON API and the token route: each gets tokens of their own and of nobody else,
// also where they are refused.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { startKeyward } from "../support/keyward.mjs";
import { Person, admitted } from "./person.mjs";

const KEYWARD = process.env.KEYWARD_BIN ?? fileURLToPath(new URL("../../target/debug/keyward", import.meta.url));
const PEOPLE = 1000;
const AUDIENCE = "https://api.test";
const CLIENT = { id: "shop", secret: "kX2-9fQ_a7Lw3ZsT0vBn5RyE8cJu1HdM" };
const PASSWORD = "quiet-lantern-88-ferry";
const email = (n) => `person${n}@example.com`;
const id = (n) => `id-of-${n}`;
/** Everybody has a network address of their own, so that nobody pays for the wrong passwords of others. */
const from = (n) => ({ "x-forwarded-for": `10.9.${n >> 8}.${n & 255}` });
/** Whom a token is about, whoever signed it. */
const claims = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));

test("lesson_60 lesson_61 of a thousand people at once each gets tokens of their own, also in errors", { timeout: 300_000 }, async (t) => {
  const keyward = await startKeyward({
    config: {
      trusted_proxies: ["127.0.0.1"],
      accounts: { enabled: true, min_strength: 0 },
      tokens: { audiences: [{ name: AUDIENCE, scopes: ["read"] }] },
      clients: [{ ...CLIENT, audiences: [AUDIENCE] }],
    },
  });
  t.after(() => keyward.stop());
  importPeople(keyward, await hashOf(keyward));

  const once = async (n, name, members, headers = {}) => {
    const response = await fetch(`${keyward.url}/api/auth/-/v1/${name}`, {
      method: members ? "POST" : "GET",
      headers: { ...(members && { "content-type": "application/json" }), ...from(n), ...headers },
      body: members && JSON.stringify(members),
    });
    return { status: response.status, text: await response.text() };
  };
  const calls = (n) => (...args) => admitted(() => once(n, ...args));
  const basic = `Basic ${Buffer.from(`${CLIENT.id}:${CLIENT.secret}`).toString("base64")}`;
  /** The answer holds this person's id or address where it holds any. */
  const only = (n, { text }) => {
    for (const [, other] of text.matchAll(/(?:person|id-of-)(\d+)/g)) assert.equal(other, `${n}`, text);
  };

  const program = async (n) => {
    const call = calls(n);
    if (n % 4 === 0) {
      const refused = await call("sign-in", { email: email(n), password: `wrong-${n}` });
      assert.equal(refused.status, 401, refused.text);
      only(n, refused);
    }
    const signedIn = await call("sign-in", { email: email(n), password: PASSWORD });
    assert.equal(signedIn.status, 200, signedIn.text);
    only(n, signedIn);
    const tokens = JSON.parse(signedIn.text);
    assert.equal(claims(tokens.accessToken).sub, id(n));
    const bearer = { authorization: `Bearer ${tokens.accessToken}` };
    const [me, damaged, refreshed] = await Promise.all([
      call("me", undefined, bearer),
      call("me", undefined, { authorization: `Bearer ${tokens.accessToken.slice(0, -4)}AAAA` }),
      call("refresh", { refreshToken: tokens.refreshToken }),
    ]);
    assert.deepEqual([me.status, damaged.status, refreshed.status], [200, 401, 200], `${damaged.text} ${refreshed.text}`);
    assert.ok(me.text.includes(email(n)), me.text);
    for (const answer of [me, damaged, refreshed]) only(n, answer);
    assert.equal(claims(JSON.parse(refreshed.text).accessToken).sub, id(n));
    const unknown = await call("refresh", { refreshToken: `${tokens.refreshToken.slice(0, -4)}AAAA` });
    assert.ok(unknown.status >= 400 && unknown.status < 500, unknown.text);
    only(n, unknown);
  };

  const browser = async (n) => {
    const call = calls(n);
    const person = new Person(keyward, from(n));
    assert.equal((await admitted(() => person.signIn(email(n), PASSWORD))).status, 200);
    const cookie = [...person.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const [token, alone, stranger] = await Promise.all([
      call("token", { audience: AUDIENCE }, { authorization: basic, cookie }),
      call("token", { audience: AUDIENCE }, { cookie }),
      call("token", { audience: AUDIENCE }, { authorization: basic }),
    ]);
    assert.deepEqual([token.status, alone.status, stranger.status], [200, 401, 401], `${token.text} ${stranger.text}`);
    assert.equal(claims(JSON.parse(token.text).accessToken).sub, id(n));
    for (const answer of [token, alone, stranger]) only(n, answer);
  };

  let next = 0;
  const worker = async () => {
    for (let n = next++; n < PEOPLE; n = next++) {
      await program(n);
      await browser(n);
    }
  };
  await Promise.all(Array.from({ length: 50 }, worker));
});

/** A hash of the password, made by the program itself: a thousand of them would take long. */
async function hashOf(keyward) {
  const database = join(keyward.folder, "keyward.db");
  const made = spawnSync(KEYWARD, ["user", "create", "first@example.com", "--config", join(keyward.folder, "keyward.toml")], {
    input: `${PASSWORD}\n`,
    encoding: "utf8",
  });
  assert.equal(made.status, 0, made.stderr);
  const { stdout } = spawnSync("sqlite3", [database, "SELECT hash FROM password"], { encoding: "utf8" });
  await writeFile(
    join(keyward.folder, "people.jsonl"),
    Array.from({ length: PEOPLE }, (_, n) => JSON.stringify({ id: id(n), email: email(n), password_hash: stdout.trim() })).join("\n"),
  );
  return stdout.trim();
}

function importPeople(keyward) {
  const args = ["import", "users", join(keyward.folder, "people.jsonl"), "--config", join(keyward.folder, "keyward.toml")];
  const imported = spawnSync(KEYWARD, args, { encoding: "utf8" });
  assert.equal(imported.status, 0, imported.stdout + imported.stderr);
}

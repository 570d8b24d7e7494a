// Exports of other systems as their documentation shows them, with hashes that their own code made.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { totp } from "../factors/people.mjs";
import { Person } from "../hardening/person.mjs";
import { importing, lines } from "./importing.mjs";

const VECTORS = JSON.parse(readFileSync(new URL("../../crates/keyward/src/hasher/vectors/vectors.json", import.meta.url)));
const made = (source) => VECTORS.find((vector) => vector.source.startsWith(source));

test("a totp_secret comes along, sealed with the server's secret, and its codes are asked for", async (t) => {
  const here = await importing(t);
  const { hash, password } = made("bcryptjs");
  const secret = "GEZD GNBV GY3T QOJQ gezd gnbv gy3t qojq";
  const people = [
    { id: "u1", email: "ada@example.com", password_hash: hash, totp_secret: secret },
    { id: "u2", email: "bob@example.com", password_hash: hash },
    { id: "u3", email: "eve@example.com", password_hash: hash, totp_secret: "too short" },
  ];
  await here.write("people.jsonl", lines(people));
  // Without the server's configuration nobody is imported without the factor that they had.
  const bare = await here.run("people.jsonl", "--dry-run");
  assert.deepEqual(bare.counts, [1, 0, 2], bare.output);
  assert.match(bare.output, /line 1: totp_secret, for which the configuration with the server's secret is needed/);

  const keyward = await here.serve({ accounts: { enabled: true } });
  t.after(() => keyward.stop());
  const config = join(keyward.folder, "keyward.toml");
  const { counts, output } = await here.runIn(config, "people.jsonl");
  assert.deepEqual(counts, [2, 0, 1], output);
  assert.match(output, /line 3: totp_secret is no 32 letters and digits of base32/);
  const person = new Person(keyward);
  const first = await person.signIn("ada@example.com", password);
  assert.match((await first.json()).url, /error=SecondFactorRequired/);
  assert.deepEqual(await person.session(), {});
  const page = await (await person.send("-/factor")).text();
  const csrfToken = /name="csrfToken" value="([^"]+)"/.exec(page)?.[1];
  const answer = (code) =>
    person.send("-/factor", {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ csrfToken, code }),
    });
  await answer("000000");
  assert.deepEqual(await person.session(), {}, "a wrong code opens nothing");
  await answer(totp(secret.replaceAll(" ", "").toUpperCase()));
  assert.equal((await person.session()).user.email, "ada@example.com");
  const other = new Person(keyward);
  assert.equal((await other.signIn("bob@example.com", password)).status, 200);
  assert.equal((await other.session()).user.email, "bob@example.com");
});

async function signsIn(t, here, email, password) {
  const keyward = await here.serve({ accounts: { enabled: true } });
  t.after(() => keyward.stop());
  const person = new Person(keyward);
  assert.equal((await person.signIn(email, `${password}x`)).status, 401);
  assert.equal((await person.signIn(email, password)).status, 200);
  return person.session();
}

const accounts = (here) => here.query("SELECT user, source, id FROM account ORDER BY user, source");
const users = (here) =>
  here.query("SELECT id, email, email_verified IS NOT NULL, name, disabled IS NOT NULL, claims FROM user ORDER BY id");

test("--from next-auth reads users of an adapter with their accounts inside", async (t) => {
  const here = await importing(t);
  const { hash, password } = made("bcryptjs");
  const oauth = { type: "oauth", access_token: "gho_x", expires_at: null, scope: "read:user", userId: "cl1" };
  await here.write("users.json", JSON.stringify([
    {
      id: "cl1", name: "Ada", email: "ada@example.com", emailVerified: "2024-05-01T12:00:00.000Z", image: null, role: "ADMIN",
      password: hash, createdAt: "2024-01-01T00:00:00.000Z",
      accounts: [
        { ...oauth, id: "ac1", provider: "github", providerAccountId: "583231" },
        { ...oauth, id: "ac2", provider: "azure-ad", providerAccountId: "o-1" },
        { id: "ac3", type: "credentials", provider: "credentials", providerAccountId: "cl1" },
      ],
    },
    { id: "cl2", name: null, email: "bob@example.com", emailVerified: null, image: null, accounts: [] },
  ]));
  const { counts, output } = await here.run("users.json", "--from", "next-auth", "--provider", "azure-ad=microsoft-entra-id");
  assert.deepEqual(counts, [2, 0, 0], output);
  assert.deepEqual(users(here), [
    ["cl1", "ada@example.com", "1", "Ada", "0", '{"role":"ADMIN"}'],
    ["cl2", "bob@example.com", "0", "", "0", "{}"],
  ]);
  assert.deepEqual(here.query("SELECT email_verified FROM user WHERE id = 'cl1'"), [[`${Date.parse("2024-05-01T12:00:00Z")}`]]);
  assert.deepEqual(accounts(here), [["cl1", "github", "583231"], ["cl1", "microsoft-entra-id", "o-1"]]);
  assert.equal((await signsIn(t, here, "ada@example.com", password)).user.email, "ada@example.com");
});

test("--from better-auth reads users with their accounts inside, and its hashes", async (t) => {
  const here = await importing(t);
  const { hash, password } = made("better-auth");
  const user = { emailVerified: true, image: null, createdAt: "2025-01-01T00:00:00.000Z", updatedAt: "2025-01-01T00:00:00.000Z" };
  const records = [
    {
      ...user, id: "b1", name: "Ada", email: "ada@example.com", role: "admin", banned: false, twoFactorEnabled: null,
      accounts: [
        { id: "a1", accountId: "b1", providerId: "credential", userId: "b1", password: hash },
        { id: "a2", accountId: "117", providerId: "google", userId: "b1", password: null, idToken: "x" },
      ],
    },
    { ...user, id: "b2", name: "Bob", email: "bob@example.com", banned: true, accounts: [] },
    { ...user, id: "b3", name: "Carol", email: "carol@example.com", twoFactorEnabled: true, accounts: [] },
  ];
  await here.write("users.jsonl", lines(records));
  const { counts, output } = await here.run("users.jsonl", "--from", "better-auth");
  assert.deepEqual(counts, [2, 0, 1], output);
  assert.match(output, /line 3: a second factor, which can't be brought along/);
  assert.deepEqual(users(here).map(([id, , verified, , disabled, claims]) => [id, verified, disabled, claims]), [
    ["b1", "1", "0", '{"role":"admin"}'],
    ["b2", "1", "1", "{}"],
  ]);
  assert.deepEqual(accounts(here), [["b1", "google", "117"]]);
  const without = await here.run("users.refused.jsonl", "--from", "better-auth", "--without-factors");
  assert.deepEqual(without.counts, [1, 0, 0], without.output);
  await signsIn(t, here, "ada@example.com", password);
});

test("--from firebase reads what auth:export writes, with the project's parameters", async (t) => {
  const here = await importing(t);
  const { hash, salt, password, firebase } = made("firebase-scrypt");
  const users = [
    {
      localId: "fb1", email: "ada@example.com", emailVerified: true, passwordHash: hash, salt, displayName: "Ada",
      photoUrl: "https://example.com/a.png", lastSignedInAt: "1700000000000", createdAt: "1600000000000", disabled: false,
      customAttributes: '{"role":"editor"}',
      providerUserInfo: [
        { providerId: "google.com", rawId: "117", email: "ada@example.com", displayName: "Ada", photoUrl: "" },
        { providerId: "phone", phoneNumber: "+3612345678" },
      ],
    },
    { localId: "fb2", createdAt: "1600000000000", providerUserInfo: [] },
    { localId: "fb3", email: "eve@example.com", emailVerified: false, disabled: true, providerUserInfo: [] },
    { localId: "fb4", email: "gone@example.com", passwordHash: "UkVEQUNURUQ=", salt: "", providerUserInfo: [] },
  ];
  await here.write("users.json", JSON.stringify({ users }, null, 2));
  const bare = await here.run("users.json", "--from", "firebase", "--dry-run");
  assert.match(bare.output, /a password, for which --firebase-hash-config is needed/);
  await here.write("hash.txt", `hash_config {
  algorithm: SCRYPT,
  base64_signer_key: ${firebase.signerKey},
  base64_salt_separator: ${firebase.saltSeparator},
  rounds: ${firebase.rounds},
  mem_cost: ${firebase.memCost},
}\n`);
  const { counts, output } = await here.run("users.json", "--from", "firebase", "--firebase-hash-config", here.at("hash.txt"));
  assert.deepEqual(counts, [2, 0, 2], output);
  assert.match(output, /line \d+: neither an e-mail address nor an account/);
  assert.match(output, /line \d+: password: a password hash of a known kind that can't be read/);
  assert.deepEqual(accounts(here), [["fb1", "google", "117"]]);
  assert.deepEqual(here.query("SELECT id, disabled IS NOT NULL, claims FROM user ORDER BY id"), [
    ["fb1", "0", '{"role":"editor"}'],
    ["fb3", "1", "{}"],
  ]);
  await signsIn(t, here, "ada@example.com", password);
});

test("--from auth0 reads the bulk export and the file of hashes", async (t) => {
  const here = await importing(t);
  const { hash, password } = made("bcrypt ");
  await here.write("users.ndjson", lines([
    {
      user_id: "auth0|60425dc4", email: "ada@example.com", email_verified: true, name: "Ada", nickname: "ada", picture: "https://s.gravatar.com/a.png",
      identities: [{ user_id: "60425dc4", provider: "auth0", connection: "Username-Password-Authentication", isSocial: false }],
      passwordHash: hash,
    },
    {
      user_id: "google-oauth2|117", email: "bob@example.com", email_verified: true, name: "Bob", blocked: true,
      identities: [{ user_id: "117", provider: "google-oauth2", connection: "google-oauth2", isSocial: true }],
    },
    { user_id: "auth0|mfa", email: "mfa@example.com", email_verified: true, multifactor: ["guardian"], identities: [] },
  ]));
  await here.write("hashes.ndjson", lines([
    {
      _id: { $oid: "60425dc43519d90068f82973" }, email_verified: false, email: "test2@example.com", passwordHash: hash,
      password_set_date: { $date: "2021-03-05T16:34:12.502Z" }, tenant: "dev", connection: "Username-Password-Authentication", _tmp_is_unique: true,
    },
  ]));
  assert.deepEqual((await here.run("users.ndjson", "--from", "auth0")).counts, [2, 0, 1]);
  assert.deepEqual((await here.run("hashes.ndjson", "--from", "auth0")).counts, [1, 0, 0]);
  assert.deepEqual(accounts(here), [["google-oauth2|117", "google", "117"]]);
  assert.deepEqual(users(here).map(([id, , , , disabled]) => [id, disabled]), [
    ["auth0|60425dc4", "0"],
    ["auth0|60425dc43519d90068f82973", "0"],
    ["google-oauth2|117", "1"],
  ]);
  await signsIn(t, here, "test2@example.com", password);
});

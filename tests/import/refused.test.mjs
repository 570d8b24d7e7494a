// Records that can't be imported: told with their lines, kept in a file, and never half imported.
import assert from "node:assert/strict";
import { stat, writeFile } from "node:fs/promises";
import { test } from "node:test";

import { importing, lines } from "./importing.mjs";

const bcrypt = "$2b$04$L5gGJNPknDLN4lIC2KoWUO.PPp6HL0YLisJ704Baj2LWEZOuyy./q";
const tag = "$BwcHBwcHBwcHBwcHBwcHBw$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
const user = (more) => ({ id: "x", email: "x@example.com", ...more });

/** What is wrong, and how it is told. */
const WRONG = [
  [{ email: "a@example.com" }, "id is missing"],
  [user({ id: "" }), "id is missing"],
  [user({ id: null }), "id is missing"],
  [user({ id: ["x"] }), "id is no text"],
  [user({ id: 1.5 }), "id is no text"],
  [user({ id: "x".repeat(256) }), "id is too long"],
  [user({ id: "a\u0000b" }), "id holds control characters"],
  [user({ email: "a@example.com,b@example.com" }), "email is no e-mail address that can be used"],
  [user({ email: "a@localhost" }), "email is no e-mail address that can be used"],
  [user({ email: '"a b"@example.com' }), "email is no e-mail address that can be used"],
  [user({ email: `${"a".repeat(65)}@example.com` }), "email is no e-mail address that can be used"],
  [user({ email: 7 }), "email is no text"],
  [{ id: "x" }, "neither an e-mail address nor an account: no way in"],
  [user({ email_verified: "maybe" }), "email_verified is neither true nor false"],
  [user({ email_verified: "2024-13-01T00:00:00Z" }), "email_verified is neither true nor false nor a moment"],
  [user({ name: "n".repeat(201) }), "name is too long"],
  [user({ name: "a\nb" }), "name holds control characters"],
  [user({ image: "javascript:alert(1)" }), "image is no http address"],
  [user({ password_hash: "hunter2" }), "password: no kind of password hash that is known"],
  [user({ password_hash: "5f4dcc3b5aa765d61d8327deb882cf99" }), "password: no kind of password hash that is known"],
  [user({ password_hash: bcrypt.slice(0, 40) }), "password: a password hash of a known kind that can't be read"],
  [user({ password_hash: `$argon2id$v=19$m=4194304,t=1,p=1${tag}` }), "asks for more memory or time"],
  [user({ password_hash: `$scrypt$ln=30,r=8,p=1${tag}` }), "asks for more memory or time"],
  [user({ password_hash: bcrypt.replace("04", "31") }), "asks for more memory or time"],
  [user({ password_hash: bcrypt, password_format: "md5" }), "password_format is none that is known"],
  [user({ disabled: "perhaps" }), "disabled is neither true nor false"],
  [user({ claims: [] }), "claims is no JSON object"],
  [user({ claims: { sub: "root" } }), "claims sets what Keyward says itself"],
  [user({ claims: { text: "x".repeat(9000) } }), "claims is longer than 8 KiB"],
  [user({ accounts: [{ provider: "github" }] }), "accounts has a member without provider or id"],
  [user({ accounts: { provider: "github", id: "1" } }), "accounts is no JSON array of objects"],
  [user({ accounts: [{ provider: "github", id: "1", type: "magic" }] }), "accounts has a type other than"],
  [user({ accounts: [{ provider: "github", id: "1" }, { provider: "github", id: 1 }] }), "accounts names one twice"],
  [user({ accounts: [{ provider: "github", id: "1", access_token: "t" }] }), "a member that is not known"],
  [user({ mail: "a@example.com" }), "a member that is not known"],
];

test("every mistake is told with its line, and nothing of its record is imported", async (t) => {
  const here = await importing(t);
  const good = { id: "good", email: "good@example.com" };
  await here.write("people.jsonl", lines([...WRONG.map(([record]) => record), good]));
  const { code, output, counts } = await here.run("people.jsonl");
  assert.deepEqual([code, counts], [1, [1, 0, WRONG.length]], output);
  const reasons = (await here.read("people.refused.jsonl.reasons.txt")).trimEnd().split("\n");
  WRONG.forEach(([record, reason], index) => {
    assert.ok(reasons[index].startsWith(`line ${index + 1}: `), reasons[index]);
    assert.ok(reasons[index].includes(reason), `${JSON.stringify(record)}: ${reasons[index]}`);
  });
  assert.equal(await here.read("people.refused.jsonl"), lines(WRONG.map(([record]) => record)));
  assert.equal((await stat(here.at("people.refused.jsonl"))).mode & 0o777, 0o600);
  assert.deepEqual(here.query("SELECT id FROM user"), [["good"]]);
  assert.ok(!/hunter2|@example/.test(output), "nothing about people is on the terminal");
});

test("who has an id, an address or an account first keeps it", async (t) => {
  const here = await importing(t);
  const account = { provider: "github", id: "7" };
  await here.write("people.jsonl", lines([
    { id: "a", email: "a@example.com", accounts: [account] },
    { id: "a", email: "other@example.com" },
    { id: "b", email: "A@EXAMPLE.COM" },
    { id: "c", email: "c@example.com", accounts: [account] },
    { id: "a", email: "a@example.com", accounts: [account] },
  ]));
  const { counts, output } = await here.run("people.jsonl");
  assert.deepEqual(counts, [1, 1, 3]);
  for (const told of ["line 2: another user has this id", "line 3: another user has this e-mail", "line 4: another user has one of"]) {
    assert.ok(output.includes(told), output);
  }
  assert.deepEqual(here.query("SELECT id, email FROM user"), [["a", "a@example.com"]]);
});

test("lines that are no records are refused one by one, and the rest is read", async (t) => {
  const here = await importing(t);
  const long = JSON.stringify({ id: "long", email: "long@example.com", name: "x".repeat(2 ** 20) });
  const utf8 = Buffer.from('{"id":"l1","email":"l1@example.com","name":"\xff"}\n', "latin1");
  const rest = `{"id":\n[1]\nnull\n${long}\n{"id":"end","email":"end@example.com"}`;
  await writeFile(here.at("people.jsonl"), Buffer.concat([utf8, Buffer.from(rest)]));
  const { counts, output } = await here.run("people.jsonl");
  assert.deepEqual(counts, [1, 0, 5], output);
  for (const told of ["1: not UTF-8", "2: not JSON", "3: not a JSON object", "4: not a JSON object", "5: longer than 1 MiB"]) {
    assert.ok(output.includes(`line ${told}`), output);
  }
});

test("refused rows of CSV are kept with their header, mended and imported", async (t) => {
  const here = await importing(t);
  await here.write("people.csv", 'id,email,name\r\n1,a@example.com,A\r\n2,nope,"B, ""b"""\r\n3,c@example.com\r\n');
  const first = await here.run("people.csv");
  assert.deepEqual(first.counts, [1, 0, 2], first.output);
  const kept = await here.read("people.refused.csv");
  assert.equal(kept, 'id,email,name\n2,nope,"B, ""b"""\n3,c@example.com\n');
  const again = await here.run("people.csv");
  assert.equal(again.code, 1);
  assert.match(again.output, /people\.refused\.csv is there already/);
  await here.write("mended.csv", kept.replace("nope", "b@example.com").replace("3,c@example.com", "3,c@example.com,"));
  assert.deepEqual((await here.run("mended.csv")).counts, [2, 0, 0]);
});

test("a file that can't be read to its end is told so, and what came before it is imported", async (t) => {
  const here = await importing(t);
  const files = {
    "cut.json": ['[{"id":"1","email":"a@example.com"},{"id":"2"', /line 1: the file ends before its array does/, 1],
    "quote.csv": [`id,email\n2,b@example.com\n3,"${"x\n".repeat(2 ** 20)}`, /a record longer than 1 MiB begins here/, 1],
    "utf16.csv": [Buffer.from("\ufeffid,email\n", "utf16le"), /UTF-16/, 0],
    "columns.csv": ["id,e-mail\n", /the column "e-mail" is none of id, email/, 0],
    "semicolons.csv": ["id;email\n1;a@example.com\n", /the column "id;email" is none of/, 0],
    "empty.csv": ["", /the file is empty/, 0],
  };
  let people = 0;
  for (const [name, [content, told, made]] of Object.entries(files)) {
    await here.write(name, content);
    const { code, output } = await here.run(name);
    assert.equal(code, 1, output);
    assert.match(output.replace(/\s+(\| )?\s*/g, " "), told);
    people += made;
  }
  assert.deepEqual(here.query("SELECT count(*) FROM user"), [[`${people}`]]);
  const { code, output } = await here.run("nowhere.jsonl");
  assert.equal(code, 1);
  assert.match(output, /can't be imported/);
});

// The same people from every form of file.
import assert from "node:assert/strict";
import { test } from "node:test";

import { importing, lines } from "./importing.mjs";

const PEOPLE = [
  { id: "u1", email: " Ada@Example.COM ", email_verified: true, name: 'Ada "Countess", née Byron', claims: { role: "admin" } },
  { id: 2, email: "bob@example.com", image: "https://example.com/bob.png", accounts: [{ provider: "github", id: 7 }] },
  { id: "u3", name: "多行\u00a0名", disabled: true, accounts: [{ provider: "google", id: "g-3", type: "oidc" }, { provider: "github", id: "8" }] },
];
const CSV = `id,email,email_verified,name,image,disabled,claims,accounts
u1, Ada@Example.COM ,true,"Ada ""Countess"", née Byron",,,"{""role"":""admin""}",
2,bob@example.com,,,https://example.com/bob.png,,,"[{""provider"":""github"",""id"":7}]"
u3,,,多行\u00a0名,,true,,"[{""provider"":""google"",""id"":""g-3"",""type"":""oidc""},{""provider"":""github"",""id"":""8""}]"
`;
const MARK = "\ufeff";
const crlf = (text) => text.replaceAll("\n", "\r\n");

const FILES = {
  "JSON Lines": lines(PEOPLE),
  "JSON Lines with a mark, CRLF and empty lines": MARK + crlf(lines(PEOPLE)).replaceAll("}\r\n{", "}\r\n\r\n{"),
  "JSON Lines whose last line does not end": lines(PEOPLE).trimEnd(),
  "a JSON array": JSON.stringify(PEOPLE),
  "a JSON array on many lines with a mark": MARK + crlf(JSON.stringify(PEOPLE, null, 2)),
  "an array in an object": JSON.stringify({ users: PEOPLE, total: 3 }, null, 1),
  "CSV": CSV,
  "CSV with a mark and CRLF": MARK + crlf(CSV),
  "CSV whose last line does not end": CSV.trimEnd(),
};

for (const [name, content] of Object.entries(FILES)) {
  test(`people are read from ${name}`, async (t) => {
    const here = await importing(t);
    await here.write("people", content);
    const { code, output, counts } = await here.run("people");
    assert.deepEqual([code, counts], [0, [3, 0, 0]], output);
    const users = here.query(
      "SELECT id, email, email_verified IS NOT NULL, name, image, disabled IS NOT NULL, claims FROM user ORDER BY rowid",
    );
    assert.deepEqual(users, [
      ["u1", "ada@example.com", "1", 'Ada "Countess", née Byron', "", "0", '{"role":"admin"}'],
      ["2", "bob@example.com", "0", "", "https://example.com/bob.png", "0", "{}"],
      ["u3", "", "0", "多行\u00a0名", "", "1", "{}"],
    ]);
    assert.deepEqual(here.query("SELECT source, id, user, kind FROM account ORDER BY id"), [
      ["github", "7", "2", "oauth"],
      ["github", "8", "u3", "oauth"],
      ["google", "g-3", "u3", "oidc"],
    ]);
  });
}

test("a dry run says what would happen, also of people who are there, and changes nothing", async (t) => {
  const here = await importing(t);
  await here.write("one.jsonl", lines(PEOPLE.slice(0, 1)));
  await here.run("one.jsonl");
  await here.write("all.jsonl", lines([...PEOPLE, { id: "u4", email: "bob@example.com" }]));
  const { code, output, counts } = await here.run("all.jsonl", "--dry-run");
  assert.deepEqual([code, counts], [1, [2, 1, 1]], output);
  assert.match(output, /line 4: another user has this e-mail address/);
  assert.deepEqual(here.query("SELECT id FROM user"), [["u1"]]);
  assert.ok(!here.there("all.refused.jsonl"));
  const kept = await here.run("all.jsonl", "--dry-run", "--refused", here.at("r.jsonl"));
  assert.equal(kept.code, 1);
  assert.equal(await here.read("r.jsonl"), '{"id":"u4","email":"bob@example.com"}\n');
  const { readdir } = await import("node:fs/promises");
  assert.deepEqual((await readdir(here.folder)).filter((name) => name.includes("dry-run")), []);
});

test("a dry run without a database makes none", async (t) => {
  const here = await importing(t);
  await here.write("all.jsonl", lines(PEOPLE));
  assert.deepEqual((await here.run("all.jsonl", "--dry-run")).counts, [3, 0, 0]);
  assert.ok(!here.there("keyward.db"));
});

// Everybody comes in with the password that they had, whichever program hashed it; their hash is one of ours then.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Person } from "../hardening/person.mjs";
import { importing, lines } from "./importing.mjs";

const VECTORS = JSON.parse(readFileSync(new URL("../../crates/keyward/src/hasher/vectors/vectors.json", import.meta.url)));
const OURS = "$argon2id$v=19$m=19456,t=2,p=1$";

test("hashes of other programs let their people in once, and are ours from then on", async (t) => {
  const here = await importing(t);
  const known = VECTORS.filter(({ password, format }) => password !== "" && format !== "firebase-scrypt");
  const people = known.map(({ hash, format }, n) => ({
    id: `u${n}`,
    email: `u${n}@example.com`,
    password_hash: format === "keycloak" ? JSON.parse(hash) : hash,
    ...(format && { password_format: format }),
  }));
  await here.write("people.jsonl", lines(people));
  const { counts, output } = await here.run("people.jsonl");
  assert.deepEqual(counts, [people.length, 0, 0], output);
  assert.ok(people.length > 60);

  const keyward = await here.serve({ accounts: { enabled: true } });
  t.after(() => keyward.stop());
  const hashes = () => new Map(here.query("SELECT user, hash FROM password"));
  const imported = hashes();
  for (const [n, { source, password, truncates }] of known.entries()) {
    const email = `u${n}@example.com`;
    const person = new Person(keyward);
    assert.equal((await person.signIn(email, `x${password}`)).status, 401, source);
    assert.equal(hashes().get(`u${n}`), imported.get(`u${n}`), `${source}: a wrong password changes nothing`);
    assert.equal((await person.signIn(email, password)).status, 200, source);
    assert.equal((await person.session()).user.email, email);
    const kept = hashes().get(`u${n}`);
    // What bcrypt did not read of a password is not known to be right.
    if (truncates) assert.equal(kept, imported.get(`u${n}`));
    else assert.ok(kept.startsWith(OURS), `${source}: ${kept}`);
    if (n % 10 === 0) assert.equal((await new Person(keyward).signIn(email, password)).status, 200, `${source}, again`);
  }
});

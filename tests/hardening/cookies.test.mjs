// A session cookie that is not whole is nobody: 200, no session, and the cookie is removed.
import assert from "node:assert/strict";
import { test } from "node:test";

import { startKeyward } from "../support/keyward.mjs";
import { Person } from "./person.mjs";

const EMPTY = { "next-auth-3": {}, "next-auth-4": {}, "auth-js-5": null };
const FLIPPED = (c) => (c === "A" ? "B" : "A");

for (const dialect of Object.keys(EMPTY)) {
  for (const strategy of ["sealed", "stored"]) {
    test(`lesson_34 ${dialect}, ${strategy}: a session cookie cut at every length or changed in every byte is nobody`, async (t) => {
      const keyward = await startKeyward({ config: { dialect, session: { strategy }, accounts: { enabled: true } } });
      t.after(() => keyward.stop());
      const person = new Person(keyward);
      await person.signUp("ada@example.com");
      const [name, token] = person.sessionCookie();
      assert.ok((await person.session()).user, "the whole cookie is somebody");

      const bad = [];
      for (let end = 1; end < token.length; end += 1) bad.push(token.slice(0, end));
      for (let at = 0; at < token.length; at += 1) bad.push(token.slice(0, at) + FLIPPED(token[at]) + token.slice(at + 1));
      for (const value of bad) {
        const response = await fetch(`${keyward.url}/api/auth/session`, { headers: { cookie: `${name}=${value}` } });
        assert.equal(response.status, 200);
        assert.deepEqual(await response.json(), EMPTY[dialect], value);
        const cleared = response.headers.getSetCookie().some((line) => line.startsWith(`${name}=;`) && line.includes("Max-Age=0"));
        assert.ok(cleared, `not cleared: ${value}`);
      }
      t.diagnostic(`${bad.length} cookies`);
    });
  }
}

// Tokens of links as the database has them: what the real packages store for a token is what Keyward looks for.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { startExim } from "../support/exim.mjs";
import { SECRET, startKeyward } from "../support/keyward.mjs";
import { openedThings } from "../support/opened.mjs";
import { startOriginal } from "./original.mjs";
import { emailProvider, linkIn, NO_LIMITS, person } from "./setup.mjs";

const ORIGIN = "http://localhost:4310";
const OLDER = "an older secret of thirty-two characters, or so";

for (const [dialect, secret] of [["next-auth-4", SECRET], ["auth-js-5", SECRET], ["auth-js-5", [SECRET, OLDER]]]) {
  const several = Array.isArray(secret);
  describe(`what is stored of a link's token, ${dialect}, ${several ? "several secrets" : "one secret"}`, () => {
    const opened = openedThings();
    let exim;
    let original;
    let keyward;

    before(async () => {
      exim = await opened.add(startExim(), (exim) => exim.stop());
      const started = startOriginal({ dialect, origin: ORIGIN, secret, mailPort: exim.port });
      original = await opened.add(started, (server) => server.stop());
      const own = several ? { secret: undefined, secrets: secret } : { secret };
      const config = { public_url: ORIGIN, dialect, ...own, limits: NO_LIMITS, providers: [emailProvider(exim)] };
      keyward = await opened.add(startKeyward({ config }), (keyward) => keyward.stop());
    });
    after(() => opened.close());

    const query = (sql) => {
      const database = join(keyward.folder, "keyward.db");
      return execFileSync("sqlite3", ["-cmd", ".timeout 5000", database, sql], { encoding: "utf8" }).trim();
    };
    /** The address of a link that `server` sends, here. */
    const linkFrom = async (server, email) => {
      await person(`${server.url}/api/auth`).ask(email);
      return linkIn(await exim.mail(email)).replace(ORIGIN, keyward.url);
    };
    /** Takes what the original keeps into Keyward's database. */
    const take = ({ identifier, token, expires }) =>
      query(`INSERT INTO ticket (purpose, subject, hash, data, created, expires)
        VALUES ('email-link', '${identifier}', '${token}', '{}', 0, ${Date.parse(expires)})`);

    test("C1 a link that the original sent opens here by what the original stored of it, once", async () => {
      const email = "moved@example.com";
      const link = await linkFrom(original, email);
      const [kept, ...others] = await original.stored();
      assert.deepEqual([kept.identifier, others], [email, []]);
      assert.match(kept.token, /^[0-9a-f]{64}$/);

      const early = person(`${keyward.url}/api/auth`);
      await early.get(link);
      assert.equal(await early.isSignedIn(), false, "nothing is stored yet");
      take(kept);
      const moved = person(`${keyward.url}/api/auth`);
      await moved.get(link);
      assert.equal((await moved.session()).user?.email, email);
      const again = person(`${keyward.url}/api/auth`);
      await again.get(link);
      assert.equal(await again.isSignedIn(), false, "used");
    });

    test("of a link of its own Keyward stores that same form, and the token nowhere", async () => {
      const email = "own@example.com";
      const token = new URL(await linkFrom(keyward, email)).searchParams.get("token");
      const hash = query("SELECT hash FROM ticket WHERE purpose = 'email-link' AND subject = 'own@example.com'");
      assert.match(hash, /^[0-9a-f]{64}$/);
      assert.notEqual(hash, token);
      assert.ok(!query(".dump").includes(token));
      const opens = person(`${keyward.url}/api/auth`);
      await opens.get(`${keyward.url}/api/auth/callback/email?${new URLSearchParams({ callbackUrl: ORIGIN, token, email })}`);
      assert.equal((await opens.session()).user?.email, email);
    });
  });
}

// Whose an account becomes: row by row what NextAuth does where nothing stronger is configured.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { startKeyward } from "../support/keyward.mjs";
import { openedThings } from "../support/opened.mjs";
import { startOriginal } from "./originals/start.mjs";
import { forKeyward, forNextAuth, startFakes } from "./providers.mjs";
import { Visitor } from "./visitor.mjs";

const ORIGIN = "http://localhost:4310";
const IDS = ["github", "google", "bare-token", "form-tokens"];
/** The provider whose word for an address is taken. */
const TRUSTED = "bare-token";

/** Each row: sign-ins, `[provider, person]`; `"leave"` takes another browser for the next. The last one decides. */
const ROWS = {
  "nobody signed in, nothing known: a new person": [["github", "ada"]],
  "nobody signed in, the account known: its owner": [["github", "ada"], "leave", ["github", "ada"]],
  "the owner signed in, the account known: stays": [["google", "grace"], ["google", "grace"]],
  "signed in, the account unknown: linked, whatever its address": [["github", "katherine"], ["google", "mary"]],
  "an account that was linked opens the person's own": [["github", "ada"], ["google", "ada"], "leave", ["google", "ada"]],
  "signed in, the account another's: refused": [["github", "unicode"], "leave", ["google", "joan"], ["github", "unicode"]],
  "nobody signed in, the address another's: refused": [["google", "radia"], "leave", ["github", "radia"]],
  "the address another's, the other provider first: refused": [["github", "hedy"], "leave", ["google", "hedy"]],
  "nobody signed in, the address another's, from a provider that is trusted with it: linked": [["github", "annie"], "leave", [TRUSTED, "annie"]],
  "the address another's, public at the other provider: refused": [["github", "dorothy"], "leave", ["google", "dorothy"]],
  "no address: a new person": [["form-tokens", "silent"]],
};

for (const dialect of ["next-auth-4", "auth-js-5"]) {
  describe(`account linking, ${dialect}`, () => {
    const opened = openedThings();
    const servers = {};
    before(async () => {
      const fakes = await startFakes(opened, { ids: IDS, origin: ORIGIN });
      const providers = forNextAuth(fakes, { [TRUSTED]: { allowDangerousEmailAccountLinking: true } });
      const config = {
        public_url: ORIGIN,
        dialect,
        session: { strategy: "sealed" },
        providers: forKeyward(fakes, { [TRUSTED]: { allow_dangerous_email_account_linking: true } }),
      };
      servers.original = () => opened.add(startOriginal({ dialect, origin: ORIGIN, providers }), (server) => server.stop());
      servers.keyward = () => opened.add(startKeyward({ config }), (server) => server.stop());
    });
    after(() => opened.close());
    const started = {};
    const play = async (name, steps) => {
      const { url } = await (started[name] ??= servers[name]());
      let visitor = new Visitor({ origin: ORIGIN, url });
      let landing;
      for (const step of steps) {
        if (step === "leave") visitor = new Visitor({ origin: ORIGIN, url });
        else landing = (await visitor.follow(await visitor.signIn(...step, { callbackUrl: "/api/auth/csrf" }))).url;
      }
      const { pathname, searchParams } = new URL(landing);
      return { pathname, error: searchParams.get("error"), user: (await visitor.session())?.user };
    };

    test("Keyward warns at its start of the provider whose word is taken", async () => {
      const { log } = await (started.keyward ??= servers.keyward());
      assert.match(log, new RegExp(`^.*${TRUSTED}.*dangerous|dangerous.*${TRUSTED}`, "m"));
      assert.ok(!log.includes("github"), "and of no other");
    });

    for (const [row, steps] of Object.entries(ROWS)) {
      let truth;
      const original = () => (truth ??= play("original", steps));
      test(`${row}: the original`, async () => {
        const { error, user } = await original();
        assert.equal(error, row.endsWith(": refused") ? "OAuthAccountNotLinked" : null);
        assert.equal(Boolean(user), !error || row.startsWith("signed in"));
      });
      test(`${row}: Keyward`, async () => assert.deepEqual(await play("keyward", steps), await original()));
    }
  });
}

// Every kind of provider: the real NextAuth signs in through its fake first, then Keyward, and both make the same of it.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { startKeyward } from "../support/keyward.mjs";
import { openedThings } from "../support/opened.mjs";
import { startOriginal } from "./originals/start.mjs";
import { FAKES, forKeyward, forNextAuth, startFakes } from "./providers.mjs";
import { Visitor } from "./visitor.mjs";

const ORIGINS = { false: "http://localhost:4310", true: "https://app.test" };
const DIALECTS = ["next-auth-4", "auth-js-5"];

for (const [id, { https = false, not = [] }] of Object.entries(FAKES)) {
  const origin = ORIGINS[https];
  for (const dialect of DIALECTS.filter((dialect) => !not.includes(dialect))) {
    describe(`a provider of the kind ${id}, ${dialect}`, () => {
      const opened = openedThings();
      const seen = {};
      let fakes;
      before(async () => (fakes = await startFakes(opened, { ids: [id], origin })));
      after(() => opened.close());

      const signInWith = async (starting) => {
        fakes[id].recover();
        const server = await opened.add(starting, (server) => server.stop());
        const visitor = new Visitor({ origin, url: server.url });
        const landedAt = await visitor.signIn(id, "unicode", { callbackUrl: `${origin}/reports?year=7` });
        const session = await visitor.session();
        assert.deepEqual(fakes[id].refusals, [], server.log);
        assert.equal(session?.user.email, "unicode@example.com", `${landedAt}\n${server.log}`);
        return { landedAt, user: session.user, cookies: visitor.cookies };
      };

      test("A1 C5 the original signs in, and the provider finds nothing to refuse", async () => {
        seen.original = await signInWith(startOriginal({ dialect, origin, providers: forNextAuth(fakes) }));
        assert.equal(seen.original.landedAt, `${origin}/reports?year=7`);
      });

      test("A1 C5 Keyward signs in, and the provider finds nothing to refuse", async () => {
        const config = { public_url: origin, dialect, session: { strategy: "sealed" }, providers: forKeyward(fakes) };
        const observed = await signInWith(startKeyward({ config }));
        // The name that Apple posts beside the code, which next-auth 4 leaves lying.
        const user = { ...seen.original.user, ...(id === "apple" && { name: "Ädá Løvelace 🧮" }) };
        assert.deepEqual(observed, { ...seen.original, user });
      });
    });
  }
}

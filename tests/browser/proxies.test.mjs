// Each proxy rule that the README gives carries a whole journey.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";

import { nextRule, nginxRule, viteRule } from "../support/proxy-rules.mjs";
import { compare } from "./compare.mjs";
import { nextFront, nginxFront, viteFront } from "./fronts.mjs";
import { wholeJourney } from "./journeys.mjs";
import { openStage } from "./stage.mjs";

const RULES = {
  nginx: { rule: nginxRule, front: nginxFront() },
  Vite: { rule: viteRule, front: viteFront() },
  "Next.js rewrites": { rule: nextRule, front: nextFront() },
};

/** Keyward as a newcomer starts it: it learns its public address from what the proxy forwards. */
const DEVELOPMENT = { config: { public_url: undefined, secret: undefined }, args: ["--dev"] };

for (const [name, { rule, front }] of Object.entries(RULES)) {
  describe(`the proxy rule for ${name}`, () => {
    let stage;
    before(async () => (stage = await openStage({ dialect: "next-auth-4", front })));
    after(() => stage?.close());

    compare("a whole journey", wholeJourney, () => stage);

    test("a newcomer's journey, without a configured public address", async () => {
      const stage = await openStage({ dialect: "next-auth-4", front, keyward: DEVELOPMENT });
      try {
        await stage.play(newcomersJourney, "keyward");
      } finally {
        await stage.close();
      }
    });

    test("is in the README as it is tested here", async () => {
      const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
      assert.ok(readme.includes(rule), `the README lacks:\n${rule}`);
    });
  });
}

async function newcomersJourney({ tab, origin }) {
  const account = { email: "ada@example.com", password: "plum harbour velvet 42" };
  const app = await tab("/");
  await app.sessionIs(false);
  const signedUp = await app.call("signIn", { ...account, provider: "signup", callbackUrl: "/landing" });
  const session = await app.sessionIs(true);
  const signedOut = await app.call("signOut", { callbackUrl: "/bye" });
  await app.sessionIs(false);
  await app.callAndGo("sign-in page", { callbackUrl: "/private" });

  assert.equal(signedUp.url, `${origin}/landing`);
  assert.equal(session.data.user.email, account.email);
  assert.equal(signedOut.url, `${origin}/bye`);
  assert.equal(new URL(app.page.url()).origin, origin);
}

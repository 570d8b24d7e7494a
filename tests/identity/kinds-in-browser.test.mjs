// Every kind of provider in the browser: the real NextAuth signs in through its fake first, then Keyward. GitHub, Google
// and Apple have journeys of their own.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { compare } from "../browser/compare.mjs";
import { FAKES } from "./providers.mjs";
import { openStage } from "./stage.mjs";
import { choose, landed, pressButton, signIn } from "./steps.mjs";

/** Somebody of its own for each: what a person sets up stays with the server. */
const SOMEBODY = {
  line: "ada",
  "no-userinfo": "grace",
  "bare-token": "katherine",
  "form-tokens": "mary",
  "odd-tokens": "joan",
  "secret-jwt": "radia",
  "key-jwt": "unicode",
};

test("every kind has its journey", () => {
  const elsewhere = ["github", "google", "apple"];
  assert.deepEqual([...elsewhere, ...Object.keys(SOMEBODY)].sort(), Object.keys(FAKES).sort());
});

for (const [dialect, way] of [
  ["next-auth-4", { name: "signIn", go: signIn }],
  ["auth-js-5", { name: "the sign-in page's button", go: byButton }],
]) {
  describe(`every kind of provider in a browser, ${dialect}`, () => {
    let stage;
    before(async () => (stage = await openStage({ dialect, ids: Object.keys(SOMEBODY) })));
    after(() => stage?.close());

    for (const id of Object.keys(SOMEBODY)) {
      const name = `A1 C5 ${id}: ${way.name} leads back to the callback address, signed in`;
      const journey = there(id, way.go);
      // What this generation cannot, the other one has shown.
      if (FAKES[id].not?.includes(dialect)) test(`${name}: Keyward`, () => stage.play(journey, "keyward"));
      else compare(name, journey, () => stage);
    }
  });
}

function there(id, go) {
  const person = SOMEBODY[id];
  const path = `/reports?kind=${id}`;
  return async ({ tab }) => {
    const app = await tab("/");
    await app.sessionIs(false);
    await go(app, id, person, path);
    const { at, session } = await landed(app, path);

    assert.match(at, /^http:\/\/localhost:\d+\//);
    assert.equal(session.data.user.email, `${person}@example.com`);
    return { at, session };
  };
}

async function byButton({ page }, id, person, callbackUrl) {
  await page.goto(new URL(`/api/auth/signin?${new URLSearchParams({ callbackUrl })}`, page.url()).href);
  await pressButton(page, id);
  await choose(page, person);
}

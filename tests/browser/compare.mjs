// Takes every journey with the real NextAuth first, then with Keyward, and compares what was observed.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { journeys } from "./journeys.mjs";
import { openStage } from "./stage.mjs";

/** The tests of one dialect. */
export function compareJourneys(dialect) {
  describe(`${dialect} in a browser`, () => {
    let stage;
    before(async () => (stage = await openStage({ dialect })));
    after(() => stage?.close());

    for (const { name, dialects, run } of journeys) {
      if (dialects && !dialects.includes(dialect)) continue;
      compare(name, run, () => stage);
    }
  });

  describe(`${dialect} in a browser, with a back end that is down`, () => {
    let stage;
    before(async () => (stage = await openStage({ dialect, backendUrl: "http://127.0.0.1:1" })));
    after(() => stage?.close());

    compare("B2 signIn resolves to a failure that can be tried again", backendDown, () => stage);
  });
}

/** Registers two tests: `journey` with the original alone, and with Keyward in comparison. */
export function compare(name, journey, stage) {
  let truth;
  const observeOriginal = () => (truth ??= stage().play(journey, "reference"));
  test(`${name}: the original`, () => observeOriginal());
  test(`${name}: Keyward`, async () => {
    const original = await observeOriginal();
    assert.deepEqual(await stage().play(journey, "keyward"), original);
  });
}

async function backendDown({ tab }) {
  const app = await tab("/");
  const refused = await app.call("signIn", { email: "ada@example.com", password: "correct horse" });
  assert.ok(refused.error, "the call tells of the failure");
  return { refused, session: await app.sessionIs(false) };
}

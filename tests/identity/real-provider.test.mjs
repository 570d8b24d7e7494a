// A real OpenID provider that this project did not write, npm's oidc-provider: next-auth signs in through it, then
// Keyward.
import assert from "node:assert/strict";
import { after, before, describe } from "node:test";

import { compare } from "../browser/compare.mjs";
import { cancelThere, signInThere, startRealProvider } from "./real/start.mjs";
import { openStage } from "./stage.mjs";
import { landed, pressButton, refusedAt, setOut } from "./steps.mjs";

for (const dialect of ["next-auth-4", "auth-js-5"]) {
  describe(`oidc-provider in a browser, ${dialect}`, () => {
    let stage;
    before(async () => (stage = await openStage({ dialect, real: startRealProvider })));
    after(() => stage?.close());

    compare("A1 C5 a person signs in there, comes back, and is signed in", there, () => stage);
    compare("a person who cancels there is told so and can choose again", cancelled, () => stage);
  });
}

async function there({ tab }) {
  const app = await tab("/");
  await app.sessionIs(false);
  await setOut(app, "real", "/reports?year=7");
  await signInThere(app.page, "unicode");
  const first = await landed(app, "/reports?year=7");
  await app.call("signOut");
  await app.sessionIs(false);
  // Who is signed in there and has agreed is sent back at once.
  await app.callAndGo("signIn and go", { provider: "real", callbackUrl: "/again" });
  const second = await landed(app, "/again");

  assert.equal(first.session.data.user.email, "unicode@example.com");
  return { first, second };
}

async function cancelled({ tab, context }) {
  const app = await tab("/");
  await setOut(app, "real", "/reports?year=8");
  await cancelThere(app.page);
  const told = await refusedAt(app, context);
  await pressButton(app.page, "real");
  await signInThere(app.page, "grace");
  return { told, signedIn: await landed(app, "/reports?year=8") };
}

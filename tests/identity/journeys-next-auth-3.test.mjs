// The oldest generation, whose server knows plain OAuth 2.0 without the niceties: the short journey.
import assert from "node:assert/strict";
import { after, before, describe } from "node:test";

import { compare } from "../browser/compare.mjs";
import { openStage } from "./stage.mjs";
import { atProvider, choose, cookiesOf, landed, pressButton, refusedAt, setOut, signIn } from "./steps.mjs";

const PROVIDER = "odd-tokens";

describe("signing in with others in a browser, next-auth-3", () => {
  let stage;
  before(async () => (stage = await openStage({ dialect: "next-auth-3", ids: [PROVIDER] })));
  after(() => stage?.close());

  compare("A1 signIn leads to the provider and back to the callback address, signed in", there, () => stage);
  compare("a person who cancels at the provider is told so and can choose again", cancelled, () => stage);
});

async function there({ tab, context, origin }) {
  const app = await tab("/");
  await app.sessionIs(false);
  await signIn(app, PROVIDER, "ada", "/reports?year=7");
  const { at, session } = await landed(app, "/reports?year=7");
  const cookies = await cookiesOf(context, origin);
  await app.call("signOut");
  const after = await app.sessionIs(false);

  assert.equal(session.data.user.email, "ada@example.com");
  return { at, session, cookies, after };
}

async function cancelled({ tab, context, fakes }) {
  const app = await tab("/");
  await setOut(app, PROVIDER, "/reports?year=8");
  await choose(app.page, undefined);
  const told = await refusedAt(app, context);
  // The original redeems the code that did not come, and the provider refuses that.
  fakes[PROVIDER].recover();
  await pressButton(app.page, PROVIDER);
  await atProvider(app.page);
  await choose(app.page, "grace");
  return { told, signedIn: await landed(app, "/reports?year=8") };
}

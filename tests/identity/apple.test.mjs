// A provider that answers by a form post from its own site: the browser then sends no cookie that is not marked for it,
// and takes such a mark from encrypted connections alone.
import assert from "node:assert/strict";
import { after, before, describe } from "node:test";

import { compare } from "../browser/compare.mjs";
import { cookiesOf, landed, pressButton, choose, refusedAt, setOut, signIn } from "./steps.mjs";
import { openStage } from "./stage.mjs";

for (const dialect of ["next-auth-4", "auth-js-5"]) {
  describe(`form_post over TLS, ${dialect}`, () => {
    let stage;
    before(async () => (stage = await openStage({ dialect, ids: ["apple"], https: true })));
    after(() => stage?.close());

    compare('A1 signIn("apple") leads back to the callback address, signed in', there, () => stage);
    compare("a person who cancels at Apple can choose again", cancelled, () => stage);
  });
}

async function there({ tab, context, origin }) {
  const app = await tab("/");
  await app.sessionIs(false);
  await signIn(app, "apple", "ada", "/reports?year=7");
  const { at, session } = await landed(app, "/reports?year=7");
  const cookies = await cookiesOf(context, origin);
  await app.call("signOut");
  await app.sessionIs(false);
  // The name comes the first time alone, and is kept.
  await signIn(app, "apple", "ada", "/later");
  const later = await landed(app, "/later");

  assert.equal(session.data.user.email, "ada@example.com");
  assert.deepEqual(later.session.data.user, session.data.user);
  const { name: _unknownToNextAuth4, ...user } = session.data.user;
  return { at, user, names: cookies.map(({ name }) => name) };
}

async function cancelled({ tab, context }) {
  const app = await tab("/");
  await setOut(app, "apple", "/reports?year=8");
  await choose(app.page, undefined);
  const told = await refusedAt(app, context);
  await pressButton(app.page, "apple");
  await choose(app.page, "grace");
  return { told, signedIn: (await landed(app, "/reports?year=8")).at };
}

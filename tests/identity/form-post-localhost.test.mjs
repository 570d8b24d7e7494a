// A form post from another site to http://localhost: the manual says that Chromium lets the attempt's cookie come along.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { openStage } from "./stage.mjs";
import { landed, signIn } from "./steps.mjs";

describe("form_post without TLS", () => {
  let stage;
  before(async () => (stage = await openStage({ dialect: "next-auth-4", ids: ["apple"] })));
  after(() => stage?.close());

  test("A1 signs in on the developer's own machine", async () => {
    const journey = async ({ tab }) => {
      const app = await tab("/");
      await signIn(app, "apple", "unicode", "/dash");
      return landed(app, "/dash");
    };
    const { at, session } = await stage.play(journey, "keyward");
    assert.match(at, /^http:\/\/localhost:\d+\/dash$/);
    assert.equal(session.data.user.email, "unicode@example.com");
  });
});

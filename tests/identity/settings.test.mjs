// What a deployment says of a provider, and what an application says of one sign-in.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";

import { startKeyward } from "../support/keyward.mjs";
import { openedThings } from "../support/opened.mjs";
import { startOriginal } from "./originals/start.mjs";
import { forKeyward, forNextAuth, startFakes } from "./providers.mjs";
import { Visitor } from "./visitor.mjs";

const ORIGIN = "http://localhost:4310";

describe("settings of providers", () => {
  const opened = openedThings();
  let fakes;
  before(async () => (fakes = await startFakes(opened, { ids: ["github", "google"], origin: ORIGIN })));
  beforeEach(() => Object.values(fakes).forEach((fake) => fake.recover()));
  after(() => opened.close());

  const visitKeyward = async ({ config, env }) => {
    const whole = { public_url: ORIGIN, dialect: "auth-js-5", ...config };
    const { url } = await opened.add(startKeyward({ config: whole, env }), (keyward) => keyward.stop());
    return new Visitor({ origin: ORIGIN, url });
  };

  test("C5 a provider is set up by three variables of the environment", async () => {
    const { url, client } = fakes.google;
    const env = { AUTH_GOOGLE_ID: client.id, AUTH_GOOGLE_SECRET: client.secret, AUTH_GOOGLE_ISSUER: url };
    const visitor = await visitKeyward({ env });
    await visitor.signIn("google", "ada");
    assert.equal((await visitor.session())?.user.email, "ada@example.com");
    assert.deepEqual(fakes.google.refusals, []);
  });

  test("C5 scope and parameters are the deployment's where it names them", async () => {
    const more = { google: { scope: "openid email", params: { access_type: "offline", prompt: "consent" } } };
    const visitor = await visitKeyward({ config: { providers: forKeyward({ google: fakes.google }, more) } });
    const { searchParams } = new URL(await visitor.begin("google"));
    assert.equal(searchParams.get("scope"), "openid email");
    assert.equal(searchParams.get("access_type"), "offline");
    assert.equal(searchParams.get("prompt"), "consent");
  });

  test("A2 a token of the provider is kept, shown in the session, and good at the provider", async () => {
    const more = { github: { keep: { accessToken: "account.access_token", login: "profile.login" } } };
    const session = { strategy: "sealed", show: { accessToken: "accessToken", "user.login": "login" } };
    const visitor = await visitKeyward({ config: { session, providers: forKeyward({ github: fakes.github }, more) } });
    await visitor.signIn("github", "grace");
    const { accessToken, user } = await visitor.session();
    const profile = await fetch(`${fakes.github.url}/api/v3/user`, { headers: { authorization: `Bearer ${accessToken}` } });
    assert.equal((await profile.json()).login, "grace");
    assert.equal(user.login, "grace");
  });

  for (const dialect of ["next-auth-4", "auth-js-5"]) {
    test(`the third argument of signIn reaches the provider as with the original, ${dialect}`, async () => {
      const query = { prompt: "consent", login_hint: "ada@example.com" };
      const original = await opened.add(
        startOriginal({ dialect, origin: ORIGIN, providers: forNextAuth({ google: fakes.google }) }),
        (original) => original.stop(),
      );
      const asked = async (visitor) => {
        const { searchParams } = new URL(await visitor.begin("google", { query }));
        for (const name of ["state", "nonce", "code_challenge"]) searchParams.set(name, "random");
        // A scope is a set.
        searchParams.set("scope", searchParams.get("scope").split(" ").sort().join(" "));
        return Object.fromEntries(searchParams);
      };
      const config = { dialect, providers: forKeyward({ google: fakes.google }) };
      assert.deepEqual(await asked(await visitKeyward({ config })), await asked(new Visitor({ origin: ORIGIN, url: original.url })));
    });
  }
});

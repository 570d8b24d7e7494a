// The verifiers of each language against tokens that the running Keyward gives out.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { startKeyward } from "../support/keyward.mjs";
import { ALGORITHMS, AUDIENCE, exchanged, newKey, signed, tampered } from "./issuer.mjs";
import { SERVICES, startService } from "./services.mjs";

const PERSON = { email: "ada@example.com", password: "a teapot full of plums" };
/** Long enough for a service to look at it, short enough to wait for its end. */
const LIFETIME = 8;

const claimsIn = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
const headerOf = (token) => JSON.parse(Buffer.from(token.split(".")[0], "base64url"));

async function call(server, path, members) {
  const answer = await fetch(`${server.publicUrl}/api/auth/-/v1/${path}`, {
    method: members ? "POST" : "GET",
    headers: { "content-type": "application/json" },
    body: members && JSON.stringify(members),
  });
  return { status: answer.status, ...(await answer.json()) };
}

/** A token as somebody gets it who signs in; fresh each time. */
async function tokenFrom(server, audience = AUDIENCE) {
  const { status, accessToken } = await call(server, "sign-in", { ...PERSON, audience });
  assert.equal(status, 200);
  return accessToken;
}

/** What is made of a good token of Keyward's, by what is wrong with it. */
const FORGED = {
  "with a tampered payload": (token) => tampered(token, 1),
  "with a tampered signature": (token) => tampered(token, 2),
  "with exchanged claims": exchanged,
  "cut in its signature": (token) => token.slice(0, -10),
  "signed with another key under the same id": (token) => signed(newKey("ES256", headerOf(token).kid), claimsIn(token)),
  "signed with an unknown key": (token) => signed(newKey("ES256"), claimsIn(token)),
  "alg none": (token) => signed({}, claimsIn(token), { ...headerOf(token), alg: "none" }),
  "HS256 with the public key": (token, jwk) => signed({ secret: JSON.stringify(jwk) }, claimsIn(token), { ...headerOf(token), alg: "HS256" }),
};

for (const alg of ALGORITHMS) {
  describe(`Keyward's tokens, signed with ${alg}`, () => {
    const names = Object.keys(SERVICES).filter((name) => (SERVICES[name].algorithms ?? ALGORITHMS).includes(alg));
    const services = {};
    let server, subject, key, early;

    before(async () => {
      server = await startKeyward({
        config: (port) => ({
          public_url: `http://127.0.0.1:${port}`,
          accounts: { enabled: true },
          tokens: { algorithm: alg, access_lifetime: `${LIFETIME}s`, audiences: [{ name: AUDIENCE }, { name: "payments" }] },
        }),
      });
      const issuer = `${server.publicUrl}/api/auth`;
      await Promise.all(names.map(async (name) => (services[name] = await startService(name, issuer, AUDIENCE))));
      const { status } = await call(server, "sign-up", PERSON);
      assert.ok([200, 202].includes(status), `${status}`);
      early = await tokenFrom(server);
      subject = claimsIn(early).sub;
      key = (await call(server, "jwks")).keys.find(({ kid }) => kid === headerOf(early).kid);
    });
    after(async () => {
      await Promise.all(Object.values(services).map((service) => service.stop()));
      await server?.stop();
    });

    for (const name of names) {
      test(`tell the verifier in ${name} who calls`, async () => {
        const { status, body } = await services[name].ask(`Bearer ${await tokenFrom(server)}`);
        assert.deepEqual([status, body], [200, subject], services[name].log);
      });

      test(`for another audience are refused by the verifier in ${name}`, async () => {
        assert.equal((await services[name].ask(`Bearer ${await tokenFrom(server, "payments")}`)).status, 401);
      });

      if (alg !== "ES256") continue;
      for (const [what, forge] of Object.entries(FORGED)) {
        test(`are refused by the verifier in ${name}: ${what}`, async () => {
          const { status, body } = await services[name].ask(`Bearer ${forge(await tokenFrom(server), key)}`);
          assert.equal(status, 401);
          assert.ok(!body.includes(subject) && !body.includes("admin"));
        });
      }
    }

    test("are refused by each verifier once they have expired", async () => {
      // The Rust crate allows the clocks to be five seconds apart.
      const over = (claimsIn(early).exp + 6) * 1000 - Date.now();
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, over)));
      for (const name of names) assert.equal((await services[name].ask(`Bearer ${early}`)).status, 401, name);
    });
  });
}

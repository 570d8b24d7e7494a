// The verifiers of each language against an issuer that gives out every kind of token.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { source } from "../docs/book.mjs";
import { ALGORITHMS, AUDIENCE, claimsOf, exchanged, newKey, signed, startIssuer, tampered } from "./issuer.mjs";
import { SERVICES, ask, startService } from "./services.mjs";

const now = () => Math.floor(Date.now() / 1000);
const names = Object.keys(SERVICES);

let issuer;
const services = {};

before(async () => {
  issuer = await startIssuer();
  await Promise.all(names.map(async (name) => (services[name] = await startService(name, issuer.issuer(name), AUDIENCE))));
});
after(async () => {
  await Promise.all(Object.values(services).map((service) => service.stop()));
  await issuer?.stop();
});

const keyOf = (alg) => issuer.keys.find((key) => key.alg === alg);
const es256 = (name, over, header) => signed(keyOf("ES256"), claimsOf(issuer.issuer(name), over), header);

const until = (moment) => new Promise((resolve) => setTimeout(resolve, Math.max(0, moment - Date.now())));

/** Tokens that are refused, by what is wrong with them. */
const BAD = {
  "expired": (name) => es256(name, { exp: now() - 120, iat: now() - 300 }),
  "not yet valid": (name) => es256(name, { nbf: now() + 3600 }),
  "without an expiry": (name) => es256(name, { exp: undefined }),
  "for another audience": (name) => es256(name, { aud: "payments" }),
  "for other audiences": (name) => es256(name, { aud: ["payments", "orders2"] }),
  "without an audience": (name) => es256(name, { aud: undefined }),
  "of another issuer": (name) => es256(name, { iss: "https://evil.example" }),
  "of an issuer spelled otherwise": (name) => es256(name, { iss: `${issuer.issuer(name)}/` }),
  "signed with another key under the same id": (name) => signed(newKey("ES256", keyOf("ES256").kid), claimsOf(issuer.issuer(name))),
  "signed with an unknown key": (name) => signed(newKey("ES256"), claimsOf(issuer.issuer(name))),
  "alg none": (name) => signed({}, claimsOf(issuer.issuer(name)), { alg: "none", kid: keyOf("ES256").kid }),
  "alg none over a signature": (name) => [signed({}, claimsOf(issuer.issuer(name)), { alg: "none", kid: keyOf("ES256").kid }).split(".").slice(0, 2), es256(name).split(".")[2]].flat().join("."),
  "HS256 with the public key": (name) => signed({ secret: keyOf("RS256").pem }, claimsOf(issuer.issuer(name)), { alg: "HS256", kid: keyOf("RS256").kid }),
  "HS256 with the public JWK": (name) => signed({ secret: JSON.stringify(keyOf("ES256").jwk) }, claimsOf(issuer.issuer(name)), { alg: "HS256", kid: keyOf("ES256").kid }),
  "of an algorithm that is not the key's": (name) => signed(newKey("RS256", keyOf("ES256").kid), claimsOf(issuer.issuer(name))),
  "with a tampered header": (name) => tampered(es256(name), 0),
  "with a tampered payload": (name) => tampered(es256(name), 1),
  "with exchanged claims": (name) => exchanged(es256(name)),
  "with a tampered signature": (name) => tampered(es256(name), 2),
  "without its signature": (name) => es256(name).split(".").slice(0, 2).join(".") + ".",
  "of two parts": (name) => es256(name).split(".").slice(0, 2).join("."),
  "of four parts": (name) => `${es256(name)}.e30`,
  "cut in its signature": (name) => es256(name).slice(0, -10),
  "cut in its payload": (name) => es256(name).slice(0, 150),
  "an ID token": (name) => es256(name, {}, { typ: "JWT" }),
  "without a type": (name) => es256(name, {}, { typ: undefined }),
  "no token": () => "abc",
};

/** Headers that are refused although the token in them is good. */
const BADLY_SENT = {
  "twice": (token) => [`Bearer ${token}`, `Bearer ${token}`],
  "twice, the second one bad": (token) => [`Bearer ${token}`, "Bearer abc"],
  "twice, the first one bad": (token) => ["Bearer abc", `Bearer ${token}`],
  "in one header with another": (token) => [`Bearer ${token}, Bearer ${token}`],
  "as bearer": (token) => [`bearer ${token}`],
  "as BEARER": (token) => [`BEARER ${token}`],
  "after two spaces": (token) => [`Bearer  ${token}`],
  "after a tab": (token) => [`Bearer\t${token}`],
  "without a space": (token) => [`Bearer${token}`],
  "without a scheme": (token) => [token],
  "as Basic": (token) => [`Basic ${token}`],
  "with more behind it": (token) => [`Bearer ${token} x`],
};

for (const name of names) {
  const { algorithms = ALGORITHMS, malformed = 401, unseen = [], file } = SERVICES[name];
  describe(`the verifier in ${name}`, () => {
    for (const alg of algorithms) {
      test(`lets a good token in that is signed with ${alg}`, async () => {
        const token = signed(keyOf(alg), claimsOf(issuer.issuer(name)));
        const { status, body } = await services[name].ask(`Bearer ${token}`);
        assert.deepEqual([status, body], [200, "user-1"], services[name].log);
      });
    }

    test("lets a good token in that is for several audiences", async () => {
      const { status } = await services[name].ask(`Bearer ${es256(name, { aud: ["payments", AUDIENCE] })}`);
      assert.equal(status, 200);
    });

    for (const [what, token] of Object.entries(BAD)) {
      test(`refuses a token: ${what}`, async () => {
        const { status, body, challenge } = await services[name].ask(`Bearer ${token(name)}`);
        assert.equal(status, 401);
        assert.match(challenge, /^Bearer /);
        assert.doesNotMatch(body, /user-1|admin/);
      });
    }

    for (const [what, values] of Object.entries(BADLY_SENT).filter(([what]) => !unseen.includes(what))) {
      test(`lesson_20 refuses a good token that is sent ${what}`, async () => {
        const { status, body } = await services[name].ask(...values(es256(name)));
        assert.ok([401, malformed].includes(status), `${status}`);
        assert.doesNotMatch(body, /user-1/);
      });
    }

    test("refuses a request without a token, and one in the query does not count", async () => {
      assert.equal((await services[name].ask()).status, 401);
      assert.equal((await ask(`${services[name].url}?access_token=${es256(name)}`, [])).status, 401);
    });

    test("still lets good tokens in, and has fetched the keys once", async () => {
      assert.equal((await services[name].ask(`Bearer ${es256(name)}`)).status, 200);
      assert.equal(issuer.fetches(name), 1);
    });

    if (file) {
      test("is under 30 lines", async () => {
        const lines = (await source(`examples/verify/${file}`)).split("\n").filter((line) => line.trim() !== "");
        assert.ok(lines.length < 30, `${lines.length} lines`);
      });
    }
  });
}

describe("when the issuer changes its keys", () => {
  const fetched = {};
  let fresh;
  before(async () => {
    fresh = newKey("ES256");
    // Every verifier has fetched its keys a while ago; none may do so again within 30 seconds.
    await flood();
    for (const name of names) {
      fetched[name] = issuer.fetches(name);
      for (const pause of issuer.pauses(name)) assert.ok(pause > 29_500, `${name} fetched again after ${pause} ms`);
    }
    issuer.keys.push(fresh);
    await until(issuer.asked + 31_000);
  });

  /** Sixty unknown keys for each verifier, four at a time. */
  async function flood() {
    const one = async (name) => {
      for (let count = 0; count < 15; count++) {
        const token = signed({ ...fresh, kid: crypto.randomUUID() }, claimsOf(issuer.issuer(name)));
        assert.equal((await services[name].ask(`Bearer ${token}`)).status, 401, name);
      }
    };
    await Promise.all(names.flatMap((name) => [1, 2, 3, 4].map(() => one(name))));
  }

  for (const name of names) {
    test(`the verifier in ${name} accepts a token of the new one`, async () => {
      const token = signed(fresh, claimsOf(issuer.issuer(name)));
      const { status, body } = await services[name].ask(`Bearer ${token}`);
      assert.deepEqual([status, body], [200, "user-1"], services[name].log);
      assert.equal(issuer.fetches(name), fetched[name] + 1);
    });
  }

  test("a flood of unknown keys makes no verifier fetch again", async () => {
    await flood();
    for (const name of names) assert.equal(issuer.fetches(name), fetched[name] + 1, name);
  });

  test("verifiers serve on while the issuer is down, also after a fetch that failed", async () => {
    issuer.down = true;
    await until(issuer.asked + 31_000);
    await flood();
    for (const name of names) assert.ok(issuer.fetches(name) > fetched[name] + 1, name);
    for (const name of names) {
      assert.equal((await services[name].ask(`Bearer ${signed(fresh, claimsOf(issuer.issuer(name)))}`)).status, 200, name);
    }
  });
});

// The fakes refuse: what one of them lets pass is no proof of anything.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, beforeEach, describe, test } from "node:test";

import { SignJWT, importJWK } from "jose";

import { openedThings } from "../support/opened.mjs";
import { FAKES, startFakes } from "./providers.mjs";
import { chooseAt } from "./visitor.mjs";

const ORIGIN = "http://localhost:4310";
const VERIFIER = "v".repeat(43);
const GUESSABLE = "short";

/** A flawless authorization request at each fake that has no other needs. */
function authorization(id, { url, client, scopes, pkce, paths }) {
  const parameters = new URLSearchParams({
    client_id: client.id,
    response_type: "code",
    redirect_uri: `${ORIGIN}/api/auth/callback/${id}`,
    scope: scopes.known.join(" "),
    state: "a state of some length",
  });
  if (paths.metadata) parameters.set("nonce", "a nonce of some length");
  if (id === "apple") parameters.set("response_mode", "form_post");
  if (pkce) {
    parameters.set("code_challenge", createHash("sha256").update(VERIFIER).digest("base64url"));
    parameters.set("code_challenge_method", "S256");
  }
  return { address: url + paths.authorize, parameters };
}

const basic = ({ id, secret }) => {
  const pair = [id, secret].map((part) => encodeURIComponent(part).replaceAll("%20", "+")).join(":");
  return `Basic ${Buffer.from(pair).toString("base64")}`;
};

describe("a fake provider", () => {
  const opened = openedThings();
  let fakes;
  before(async () => (fakes = await startFakes(opened, { ids: Object.keys(FAKES), origin: ORIGIN })));
  after(() => opened.close());
  beforeEach(() => Object.values(fakes).forEach((fake) => fake.recover()));

  /** Asks `id` for its page with a request that `spoil` has changed, and gives what it had against it. */
  const refusalOfAuthorization = async (id, spoil) => {
    const { address, parameters } = authorization(id, fakes[id]);
    spoil(parameters);
    const response = await fetch(`${address}?${parameters}`);
    assert.equal(response.ok, fakes[id].refusals.length === 0);
    return fakes[id].refusals.join();
  };

  /** Gets a code of `id` for ada. */
  const codeOf = async (id) => {
    const { address, parameters } = authorization(id, fakes[id]);
    const { url, form } = await chooseAt(`${address}?${parameters}`, "ada");
    return form?.code ?? new URL(url).searchParams.get("code");
  };

  const redeem = async (id, { code, spoil = () => {}, query = "" }) => {
    const { url, paths, client, clientAuth, pkce } = fakes[id];
    const request = {
      headers: { accept: "application/json" },
      form: new URLSearchParams({ grant_type: "authorization_code", code, redirect_uri: `${ORIGIN}/api/auth/callback/${id}` }),
    };
    if (pkce) request.form.set("code_verifier", VERIFIER);
    if (clientAuth[0] === "client_secret_basic") request.headers.authorization = basic(client);
    if (clientAuth[0] === "client_secret_post") {
      request.form.set("client_id", client.id);
      request.form.set("client_secret", client.secret);
    }
    await spoil(request);
    const response = await fetch(url + paths.token + query, { method: "POST", headers: request.headers, body: request.body ?? request.form });
    return response.text();
  };

  for (const id of Object.keys(FAKES)) {
    test(`${id}: shows its page to a flawless request`, async () => {
      assert.equal(await refusalOfAuthorization(id, () => {}), "");
    });

    const flaws = {
      "another redirect_uri": (parameters) => parameters.set("redirect_uri", `${ORIGIN}/api/auth/callback/other`),
      "a redirect_uri with a query": (parameters) => parameters.set("redirect_uri", `${ORIGIN}/api/auth/callback/${id}?x`),
      "another client": (parameters) => parameters.set("client_id", "other"),
      "another response_type": (parameters) => parameters.set("response_type", "token"),
      "no state": (parameters) => parameters.delete("state"),
      "a state that can be guessed": (parameters) => parameters.set("state", GUESSABLE),
      "a parameter that comes twice": (parameters) => parameters.append("state", "another state of some length"),
      "a parameter that it does not know": (parameters) => parameters.set("csrfToken", "x"),
      "a scope that it does not know": (parameters) => parameters.set("scope", "everything"),
    };
    for (const [flaw, spoil] of Object.entries(flaws)) {
      test(`${id}: refuses ${flaw}`, async () => assert.match(await refusalOfAuthorization(id, spoil), /^authorize: ./));
    }
  }

  for (const [id, flaw, spoil, reason] of [
    ["github", "a missing challenge", (parameters) => parameters.delete("code_challenge"), /no SHA-256/],
    ["github", "a plain challenge", (parameters) => parameters.set("code_challenge_method", "plain"), /code_challenge_method is plain/],
    ["github", "a missing scope", (parameters) => parameters.set("scope", "read:user"), /user:email is missing/],
    ["google", "a missing nonce", (parameters) => parameters.delete("nonce"), /nonce is missing/],
    ["google", "a missing openid", (parameters) => parameters.set("scope", "email"), /openid is missing/],
    ["apple", "another response_mode", (parameters) => parameters.delete("response_mode"), /response_mode is null/],
    ["apple", "PKCE", (parameters) => parameters.set("code_challenge", "x"), /unknown parameter code_challenge/],
    ["line", "a missing challenge", (parameters) => parameters.delete("code_challenge"), /no SHA-256/],
  ]) {
    test(`${id}: refuses ${flaw}`, async () => assert.match(await refusalOfAuthorization(id, spoil), reason));
  }

  for (const [id, flaw, spoil, reason] of [
    ["google", "nothing", () => {}, /^$/],
    ["google", "a JSON body", (request) => (request.body = "{}"), /no form/],
    ["google", "another grant_type", ({ form }) => form.set("grant_type", "password"), /grant_type is password/],
    ["google", "a parameter twice", ({ form }) => form.append("code", "x"), /code comes twice/],
    ["google", "an unknown parameter", ({ form }) => form.set("state", "x"), /unknown parameter state/],
    ["google", "another redirect_uri", ({ form }) => form.set("redirect_uri", `${ORIGIN}/`), /redirect_uri is another/],
    ["google", "a missing verifier", ({ form }) => form.delete("code_verifier"), /code_verifier is missing/],
    ["google", "another verifier", ({ form }) => form.set("code_verifier", "w".repeat(43)), /not the challenge's/],
    ["google", "a made-up code", ({ form }) => form.set("code", "x"), /unknown code/],
    ["google", "no proof of the client", ({ headers }) => delete headers.authorization, /in 0 ways/],
    ["google", "two proofs of the client", ({ form }) => form.set("client_secret", "x"), /in 2 ways/],
    ["google", "a wrong secret", ({ headers }) => (headers.authorization = basic({ id: "x", secret: "y" })), /wrong client credentials/],
    ["odd-tokens", "another way to prove the client", ({ headers, form }) => {
      form.delete("client_secret");
      headers.authorization = basic(fakes["odd-tokens"].client);
    }, /by client_secret_basic/],
    ["form-tokens", "a secret that is not encoded", ({ headers }) => {
      const { id, secret } = fakes["form-tokens"].client;
      headers.authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;
    }, /no Basic one/],
    ["apple", "a secret that is no JWT", ({ form }) => form.set("client_secret", "secret"), /wrong client_secret/],
    ["secret-jwt", "a secret in the form", ({ form }) => form.set("client_secret", "x"), /by client_secret_post/],
    ["key-jwt", "an assertion for another server", (request) => assertInForm(request, { audience: "https://other.example" }), /client_assertion: unexpected "aud"/],
    ["key-jwt", "an assertion without an end", (request) => assertInForm(request, { lifetime: null }), /missing required "exp"/],
    ["key-jwt", "an assertion for a day", (request) => assertInForm(request, { lifetime: "1d" }), /good for too long/],
    ["key-jwt", "no fault in the assertion", (request) => assertInForm(request, {}), /^$/],
  ]) {
    test(`${id}: finds ${flaw} in a token request`, async () => {
      await redeem(id, { code: await codeOf(id), spoil });
      assert.match(fakes[id].refusals.join(), reason);
    });
  }

  async function assertInForm({ form }, { audience = fakes["key-jwt"].url, lifetime = "1m" }) {
    const { id, key } = fakes["key-jwt"].client;
    const jwt = new SignJWT({ jti: String(Math.random()) }).setProtectedHeader({ alg: key.alg }).setIssuer(id).setSubject(id).setAudience(audience);
    if (lifetime) jwt.setExpirationTime(lifetime);
    form.set("client_id", id);
    form.set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    form.set("client_assertion", await jwt.sign(await importJWK(key, key.alg)));
  }

  test("key-jwt: refuses an assertion that was used before", async () => {
    let kept;
    const spoil = async (request) => {
      if (!kept) await assertInForm(request, {});
      kept ??= [...request.form].filter(([name]) => name.startsWith("client_"));
      for (const [name, value] of kept) request.form.set(name, value);
    };
    await redeem("key-jwt", { code: await codeOf("key-jwt"), spoil });
    await redeem("key-jwt", { code: await codeOf("key-jwt"), spoil });
    assert.deepEqual(fakes["key-jwt"].refusals, ["token: client_assertion: used before"]);
  });

  test("github: takes back what a code has brought when it comes again, and answers errors with status 200", async () => {
    const code = await codeOf("github");
    const { access_token } = JSON.parse(await redeem("github", { code }));
    const profile = () => fetch(`${fakes.github.url}/api/v3/user`, { headers: { authorization: `Bearer ${access_token}` } });
    assert.equal((await profile()).status, 200);
    assert.equal(JSON.parse(await redeem("github", { code })).error, "bad_verification_code");
    assert.equal((await profile()).status, 401);
    assert.deepEqual(fakes.github.refusals, ["token: the code was used before", "userinfo: unknown access token"]);
  });

  test("github: answers with a form whoever does not ask for JSON", async () => {
    const code = await codeOf("github");
    const answer = await redeem("github", { code, spoil: ({ headers }) => (headers.accept = "*/*") });
    assert.match(answer, /^access_token=[\w-]+&token_type=bearer&scope=/);
  });

  test("google: refuses an access token in the address", async () => {
    const { access_token } = JSON.parse(await redeem("google", { code: await codeOf("google") }));
    const response = await fetch(`${fakes.google.url}/userinfo?access_token=${access_token}`);
    assert.equal(response.status, 400);
    assert.equal(fakes.google.refusals.length, 1);
  });

  test("google: refuses a query at the token endpoint, and what it has no address for", async () => {
    await redeem("google", { code: await codeOf("google"), query: "?client_secret=x" });
    await fetch(`${fakes.google.url}/elsewhere`);
    assert.deepEqual(fakes.google.refusals, ["token: the token request has a query", "nowhere: no such address"]);
  });
});

// What every fake OpenID provider does on top: discovery, keys, ID tokens, the nonce.
import { createHash } from "node:crypto";
import { SignJWT, exportJWK, generateKeyPair } from "jose";

import { json } from "./http.mjs";
import { FakeProvider } from "./provider.mjs";

const LIFETIME = 3600;

export class FakeOpenIdProvider extends FakeProvider {
  paths = {
    authorize: "/authorize",
    token: "/token",
    userinfo: "/userinfo",
    metadata: "/.well-known/openid-configuration",
    keys: "/keys",
  };
  scopes = { known: ["openid", "profile", "email"], needed: ["openid"] };
  documented = ["nonce", "prompt", "login_hint"];
  /** What ID tokens are signed with. */
  algorithm = "RS256";

  #keys;

  async start(options) {
    this.#keys = { ...(await generateKeyPair(this.algorithm)), kid: "key-1" };
    return super.start(options);
  }

  routes() {
    return {
      ...super.routes(),
      [`GET ${this.paths.metadata}`]: ["metadata", () => json(200, this.metadata())],
      [`GET ${this.paths.keys}`]: ["keys", () => this.keys()],
    };
  }

  authorize(request) {
    if (!/^[\x20-\x7e]{16,}$/.test(request.query.get("nonce") ?? "")) this.refuse("nonce is missing or can be guessed");
    return super.authorize(request);
  }

  async tokens(grant) {
    const tokens = await super.tokens(grant);
    return { ...tokens, id_token: await this.idToken(grant, tokens.access_token) };
  }

  metadata() {
    const at = (path) => path && this.url + path;
    const { authorize, token, userinfo, keys } = this.paths;
    return {
      issuer: this.issuer,
      authorization_endpoint: at(authorize),
      token_endpoint: at(token),
      userinfo_endpoint: at(userinfo),
      jwks_uri: at(keys),
      response_types_supported: ["code"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: [this.algorithm],
      scopes_supported: this.scopes.known,
      token_endpoint_auth_methods_supported: this.clientAuth,
      ...(this.pkce && { code_challenge_methods_supported: ["S256"] }),
      ...(this.namesIssuer && { authorization_response_iss_parameter_supported: true }),
    };
  }

  async keys() {
    const { kid, publicKey } = this.#keys;
    return json(200, { keys: [{ ...(await exportJWK(publicKey)), kid, alg: this.algorithm, use: "sig" }] });
  }

  signingKey() {
    return this.#keys.privateKey;
  }

  async idToken({ query, person }, accessToken) {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: this.issuer,
      aud: this.client.id,
      azp: this.client.id,
      iat: now,
      exp: now + LIFETIME,
      nonce: query.get("nonce"),
      at_hash: createHash("sha256").update(accessToken).digest().subarray(0, 16).toString("base64url"),
      ...this.claims(person),
    };
    return new SignJWT(claims).setProtectedHeader({ alg: this.algorithm, kid: this.#keys.kid }).sign(this.signingKey());
  }

  /** What the ID token says of a person. */
  claims(person) {
    return { ...this.profile(person), email_verified: true };
  }
}

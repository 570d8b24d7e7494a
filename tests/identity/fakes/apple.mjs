// As Apple: the answer is a form that the browser posts, the client's secret is a JWT that the client has signed, the
// name comes once and beside the code, there is no userinfo endpoint, and PKCE is unknown.
import { SignJWT, exportPKCS8, generateKeyPair, jwtVerify } from "jose";

import { escape, page } from "./http.mjs";
import { FakeOpenIdProvider } from "./openid.mjs";

const SIX_MONTHS = 15_777_000;

export class FakeApple extends FakeOpenIdProvider {
  name = "Apple";
  paths = {
    authorize: "/auth/authorize",
    token: "/auth/token",
    metadata: "/.well-known/openid-configuration",
    keys: "/auth/keys",
  };
  clientAuth = ["client_secret_post"];
  scopes = { known: ["openid", "name", "email"], needed: ["name", "email"] };
  documented = ["nonce", "response_mode"];
  pkce = false;

  #team = { id: "TEAM123456", keyId: "KEY1234567" };
  #knows = new Set();

  /** Beside the rest, `client.secret` (good for an hour) and `client.privateKey` (PEM) are made. */
  async start(options) {
    await super.start(options);
    const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
    this.#team.publicKey = publicKey;
    this.client = { id: "com.example.app", privateKey: await exportPKCS8(privateKey) };
    this.client.secret = await new SignJWT({})
      .setProtectedHeader({ alg: "ES256", kid: this.#team.keyId })
      .setIssuer(this.#team.id)
      .setSubject(this.client.id)
      .setAudience(this.issuer)
      .setIssuedAt()
      .setExpirationTime("1h")
      .sign(privateKey);
    return this;
  }

  authorize(request) {
    this.mustBe(request.query, "response_mode", "form_post");
    return super.authorize(request);
  }

  /** OAuth 2.0 Form Post Response Mode. */
  respond(query, parameters) {
    const field = ([name, value]) => `<input type="hidden" name="${name}" value="${escape(value)}">`;
    const fields = Object.entries(parameters).map(field).join("");
    return page(
      "Working …",
      `<form method="post" action="${escape(query.get("redirect_uri"))}">${fields}</form><script>document.forms[0].submit()</script>`,
    );
  }

  cancelled() {
    return { error: "user_cancelled_authorize" };
  }

  /** Only the first time: later nobody is told the name again. */
  besideTheCode({ key, name, email }) {
    if (this.#knows.has(key)) return {};
    this.#knows.add(key);
    const [firstName, ...others] = name.split(" ");
    return { user: JSON.stringify({ name: { firstName, lastName: others.join(" ") }, email }) };
  }

  /** Everybody is new again. */
  recover() {
    super.recover();
    this.#knows.clear();
  }

  async isSecret(given) {
    const { id, keyId, publicKey } = this.#team;
    const wanted = { algorithms: ["ES256"], issuer: id, subject: this.client.id, audience: this.issuer, requiredClaims: ["iat", "exp"] };
    try {
      const { payload, protectedHeader } = await jwtVerify(given, publicKey, wanted);
      return protectedHeader.kid === keyId && payload.exp - payload.iat <= SIX_MONTHS;
    } catch {
      return false;
    }
  }

  profile({ number, email }) {
    return { sub: `00${number}.apple`, email };
  }

  claims(person) {
    return { ...this.profile(person), email_verified: "true", is_private_email: "false", auth_time: Math.floor(Date.now() / 1000), nonce_supported: true };
  }
}

// Clients that prove themselves by a signed assertion (RFC 7523, OpenID Connect Core §9).
import { exportJWK, generateKeyPair, jwtVerify } from "jose";

import { FakeOpenIdProvider } from "./openid.mjs";

const LONGEST = 600;

class FakeWithAssertions extends FakeOpenIdProvider {
  #seen = new Set();

  metadata() {
    return { ...super.metadata(), token_endpoint_auth_signing_alg_values_supported: [this.assertionAlgorithm] };
  }

  /** Core §9: `iss` and `sub` are the client, `aud` is this server, `exp` and a `jti` that was never seen. */
  async checkAssertion(assertion) {
    const { payload } = await jwtVerify(assertion, await this.assertionKey(), {
      algorithms: [this.assertionAlgorithm],
      issuer: this.client.id,
      subject: this.client.id,
      audience: [this.issuer, this.url + this.paths.token],
      requiredClaims: ["exp", "jti"],
    });
    if (payload.exp > Date.now() / 1000 + LONGEST) throw new Error("good for too long");
    if (this.#seen.has(payload.jti)) throw new Error("used before");
    this.#seen.add(payload.jti);
  }
}

/** `client_secret_jwt`. */
export class FakeWithSecretJwt extends FakeWithAssertions {
  name = "Secret JWT";
  clientAuth = ["client_secret_jwt"];
  assertionAlgorithm = "HS256";

  async assertionKey() {
    return new TextEncoder().encode(this.client.secret);
  }
}

/** `private_key_jwt`: the client's private key is `client.key`, a JWK. */
export class FakeWithPrivateKeyJwt extends FakeWithAssertions {
  name = "Private Key JWT";
  clientAuth = ["private_key_jwt"];
  assertionAlgorithm = "ES256";

  #publicKey;

  async start(options) {
    await super.start(options);
    const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
    this.#publicKey = publicKey;
    const key = { ...(await exportJWK(privateKey)), alg: "ES256", kid: "client-key", use: "sig" };
    this.client = { id: "the client: 1", key };
    return this;
  }

  async assertionKey() {
    return this.#publicKey;
  }
}

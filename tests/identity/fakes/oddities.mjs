// Small deviations, one a provider: what single entries of the catalogue do.
import { SignJWT } from "jose";

import { text } from "./http.mjs";
import { FakeOpenIdProvider } from "./openid.mjs";
import { FakeProvider } from "./provider.mjs";

/** No userinfo endpoint, nor a word of it in the metadata. */
export class FakeWithoutUserinfo extends FakeOpenIdProvider {
  name = "No Userinfo";
  paths = { authorize: "/authorize", token: "/token", metadata: "/.well-known/openid-configuration", keys: "/keys" };
}

/** The profile is what userinfo says; the ID token tells nothing but who. */
export class FakeWithBareIdToken extends FakeOpenIdProvider {
  name = "Bare Token";

  claims(person) {
    return { sub: this.profile(person).sub };
  }
}

/** A form where everybody else sends JSON. */
export class FakeWithFormTokens extends FakeProvider {
  name = "Form Tokens";

  tokenAnswer(tokens) {
    return text(200, new URLSearchParams(tokens).toString(), "application/x-www-form-urlencoded");
  }
}

/** JSON that says it is text, numbers as text, a list as scope, no type of token, and members that nobody asked for. */
export class FakeWithOddTokens extends FakeProvider {
  name = "Odd Tokens";
  clientAuth = ["client_secret_post"];

  tokenAnswer({ access_token, scope }) {
    const odd = { access_token, expires_in: "3600", scope: (scope ?? "").split(" "), uid: 4711, user: { id: 4711 }, error: null };
    return text(200, JSON.stringify(odd), "text/plain; charset=UTF-8");
  }
}

/** As LINE: ID tokens are signed with the client's secret. */
export class FakeLine extends FakeOpenIdProvider {
  name = "LINE";

  async idToken(grant, accessToken) {
    const signed = await super.idToken(grant, accessToken);
    const { at_hash, azp, ...claims } = JSON.parse(Buffer.from(signed.split(".")[1], "base64url"));
    return new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(new TextEncoder().encode(this.client.secret));
  }

  metadata() {
    return { ...super.metadata(), id_token_signing_alg_values_supported: ["ES256"] };
  }
}

// Every fake with what NextAuth and Keyward are told of it.
import { FakeApple } from "./fakes/apple.mjs";
import { FakeWithPrivateKeyJwt, FakeWithSecretJwt } from "./fakes/assertions.mjs";
import { FakeGitHub } from "./fakes/github.mjs";
import { FakeGoogle } from "./fakes/google.mjs";
import {
  FakeLine,
  FakeWithBareIdToken,
  FakeWithFormTokens,
  FakeWithOddTokens,
  FakeWithoutUserinfo,
} from "./fakes/oddities.mjs";

const openid = (more) => ({ kind: "openid", method: "client_secret_basic", ...more });
const oauth = (more) => ({ kind: "oauth", method: "client_secret_basic", ...more });

/**
 * By id in addresses: the fake, what NextAuth is told (`kind` chooses how), what Keyward is told beside id and client,
 * and whether the application has to be at an https address.
 */
export const FAKES = {
  github: {
    Fake: FakeGitHub,
    nextAuth: { kind: "github" },
    keyward: ({ url }) => ({ type: "oauth", options: { base_url: url, api_url: `${url}/api/v3` } }),
  },
  google: { Fake: FakeGoogle, nextAuth: { kind: "google" }, keyward: ({ url }) => ({ type: "oauth", issuer: url }) },
  apple: {
    Fake: FakeApple,
    nextAuth: { kind: "apple" },
    keyward: ({ url }) => ({ type: "oauth", issuer: url }),
    https: true,
  },
  line: { Fake: FakeLine, nextAuth: { kind: "line" }, keyward: ({ url }) => ({ type: "oauth", issuer: url }) },
  "no-userinfo": {
    Fake: FakeWithoutUserinfo,
    nextAuth: openid(),
    keyward: ({ url }) => ({ type: "oidc", issuer: url }),
    // Auth.js 5 refuses metadata without a userinfo endpoint, also where it would not ask there.
    not: ["auth-js-5"],
  },
  "bare-token": {
    Fake: FakeWithBareIdToken,
    nextAuth: openid({ profileFrom: "userinfo" }),
    keyward: ({ url }) => ({ type: "oidc", issuer: url, profile_from: "userinfo" }),
  },
  "form-tokens": {
    Fake: FakeWithFormTokens,
    nextAuth: oauth({ formTokens: true }),
    keyward: byEndpoints,
  },
  "odd-tokens": {
    Fake: FakeWithOddTokens,
    nextAuth: oauth({ method: "client_secret_post" }),
    keyward: ({ url }) => ({ ...byEndpoints({ url }), token_endpoint_auth_method: "client_secret_post" }),
  },
  "secret-jwt": {
    Fake: FakeWithSecretJwt,
    nextAuth: openid({ method: "client_secret_jwt" }),
    keyward: ({ url }) => ({ type: "oidc", issuer: url, token_endpoint_auth_method: "client_secret_jwt" }),
  },
  "key-jwt": {
    Fake: FakeWithPrivateKeyJwt,
    nextAuth: openid({ method: "private_key_jwt" }),
    keyward: ({ url, client }) => ({
      type: "oidc",
      issuer: url,
      token_endpoint_auth_method: "private_key_jwt",
      private_key: JSON.stringify(client.key),
    }),
  },
};

/** Any other OAuth 2.0 server, by its endpoints. */
function byEndpoints({ url }) {
  return {
    type: "oauth",
    authorization_endpoint: `${url}/authorize`,
    token_endpoint: `${url}/token`,
    userinfo_endpoint: `${url}/userinfo`,
    scope: "profile email",
    profile: { id: "sub", name: "name", email: "email", image: "picture" },
  };
}

/** Starts the fakes of `ids` for an application at `origin`. Gives them by id. */
export async function startFakes(opened, { ids, origin }) {
  const fakes = {};
  for (const id of ids) {
    const redirectUris = [`${origin}/api/auth/callback/${id}`];
    fakes[id] = await opened.add(new FAKES[id].Fake().start({ redirectUris }), (fake) => fake.stop());
  }
  return fakes;
}

/** What a NextAuth server is told of the fakes. `more` is added to what they tell of a client, by id. */
export function forNextAuth(fakes, more = {}) {
  return Object.entries(fakes).map(([id, { url, name, client }]) => {
    const credentials = { clientId: client.id, ...(client.secret && { clientSecret: client.secret }), ...more[id] };
    return { ...FAKES[id].nextAuth, id, name, url, credentials, ...(client.key && { key: client.key }) };
  });
}

/** What Keyward is told of them: its configuration's `providers`. `more` is added, by id. */
export function forKeyward(fakes, more = {}) {
  return Object.entries(fakes).map(([id, fake]) => {
    const { client, name } = fake;
    return {
      id,
      name,
      client_id: client.id,
      ...(client.secret && { client_secret: client.secret }),
      ...FAKES[id].keyward(fake),
      ...more[id],
    };
  });
}

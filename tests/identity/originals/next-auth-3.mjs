// next-auth 3 with a provider that is a fake. It proves the client in the form alone, checks no ID token, and asks for
// no second list of addresses: the kind that it serves is plain OAuth 2.0.
import { createRequire } from "node:module";

import { nextApi } from "../../reference/next-api.mjs";

const require = createRequire(import.meta.url);

/** The request listener. */
export async function listener({ origin, basePath, secret, providers }) {
  process.env.NEXTAUTH_URL = origin + basePath;
  const NextAuth = require("next-auth-3").default;
  const options = { secret, providers: providers.map(provider) };
  return nextApi(basePath, (request, response) => NextAuth(request, response, options));
}

function provider({ id, name, url, credentials }) {
  return {
    id,
    name,
    type: "oauth",
    version: "2.0",
    scope: "profile email",
    params: { grant_type: "authorization_code" },
    accessTokenUrl: `${url}/token`,
    authorizationUrl: `${url}/authorize?response_type=code`,
    profileUrl: `${url}/userinfo`,
    profile: ({ sub, name, email, picture }) => ({ id: sub, name, email, image: picture }),
    protection: ["pkce", "state"],
    ...credentials,
  };
}

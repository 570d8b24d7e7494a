// Auth.js 5, as next-auth 5 uses it, with providers that are fakes.
import { Auth } from "@auth/core";
import Apple from "@auth/core/providers/apple";
import GitHub from "@auth/core/providers/github";
import Google from "@auth/core/providers/google";
import Line from "@auth/core/providers/line";
import { Readable } from "node:stream";

import { crossSiteCookies } from "./cookies.mjs";
import { memoryAdapter } from "./memory-adapter.mjs";

const CHECKED = ["pkce", "state"];
const OPENID = ["pkce", "state", "nonce"];
const COOKIES = { state: "authjs.state", nonce: "authjs.nonce", callbackUrl: "authjs.callback-url" };

/** A provider by the kind of its fake. */
const PROVIDERS = {
  // `enterprise` is what GitHub calls a server of one's own.
  github: ({ url, credentials }) => GitHub({ ...credentials, checks: CHECKED, enterprise: { baseUrl: url } }),
  google: ({ url, credentials }) => Google({ ...credentials, checks: OPENID, issuer: url }),
  apple: ({ url, credentials }) => Apple({ ...credentials, issuer: url }),
  line: ({ url, credentials }) => Line({ ...credentials, checks: OPENID, issuer: url }),
  openid: async ({ url, credentials, method, key, profileFrom, ...names }) => ({
    ...names,
    ...credentials,
    type: "oidc",
    issuer: url,
    idToken: profileFrom !== "userinfo",
    checks: OPENID,
    client: { token_endpoint_auth_method: method },
    ...(key && { token: { clientPrivateKey: { key: await privateKey(key), kid: key.kid } } }),
  }),
  oauth: ({ url, credentials, method, formTokens, ...names }) => ({
    ...names,
    ...credentials,
    type: "oauth",
    authorization: { url: `${url}/authorize`, params: { scope: "profile email" } },
    token: { url: `${url}/token`, conform: formTokens ? asJson : bearer },
    userinfo: `${url}/userinfo`,
    checks: CHECKED,
    client: { token_endpoint_auth_method: method },
  }),
};

const privateKey = (jwk) => crypto.subtle.importKey("jwk", jwk, { name: "ECDSA", namedCurve: jwk.crv }, false, ["sign"]);

/** The request listener. */
export async function listener({ origin, basePath, secret, providers }) {
  const config = {
    secret,
    basePath,
    trustHost: true,
    adapter: memoryAdapter(),
    session: { strategy: "jwt" },
    providers: await Promise.all(providers.map(({ kind, ...provider }) => PROVIDERS[kind](provider))),
    cookies: providers.some(({ kind }) => kind === "apple") ? crossSiteCookies(COOKIES) : {},
  };
  return async (request, response) => {
    const answer = await Auth(webRequest(request, origin), { ...config });
    response.statusCode = answer.status;
    answer.headers.forEach((value, name) => name !== "set-cookie" && response.setHeader(name, value));
    response.setHeader("set-cookie", answer.headers.getSetCookie());
    response.end(Buffer.from(await answer.arrayBuffer()));
  };
}

function webRequest(request, origin) {
  const hasBody = !["GET", "HEAD"].includes(request.method);
  return new Request(origin + request.url, {
    method: request.method,
    headers: Object.entries(request.headersDistinct).flatMap(([name, values]) => values.map((value) => [name, value])),
    ...(hasBody && { body: Readable.toWeb(request), duplex: "half" }),
  });
}

/** What an application does for a provider whose token response is a form. */
async function asJson(response) {
  const { expires_in, ...tokens } = Object.fromEntries(new URLSearchParams(await response.text()));
  return Response.json({ ...tokens, expires_in: Number(expires_in) }, response);
}

/** What this generation's own entries do for providers whose token response lacks its type or has a list as scope. */
async function bearer(response) {
  const { scope, error: _none, ...tokens } = await response.json();
  return Response.json({ ...tokens, scope: [scope].flat().join(" "), token_type: "bearer" });
}

// next-auth 4 with providers that are fakes: the package's own entries where it has one, with other addresses.
import { createRequire } from "node:module";

import { nextApi } from "../../reference/next-api.mjs";
import { crossSiteCookies } from "./cookies.mjs";
import { memoryAdapter } from "./memory-adapter.mjs";

const require = createRequire(import.meta.url);
const entry = (name) => require(`next-auth-4/providers/${name}`).default;

const CHECKED = ["pkce", "state"];
const OPENID = ["pkce", "state", "nonce"];
const COOKIES = { state: "next-auth.state", nonce: "next-auth.nonce", callbackUrl: "next-auth.callback-url" };

/** A provider by the kind of its fake. */
const PROVIDERS = {
  github: ({ url, credentials }) =>
    entry("github")({
      ...credentials,
      checks: CHECKED,
      issuer: `${url}/login/oauth`,
      authorization: { url: `${url}/login/oauth/authorize`, params: { scope: "read:user user:email" } },
      token: `${url}/login/oauth/access_token`,
      userinfo: { url: `${url}/api/v3/user` },
    }),
  google: ({ url, credentials }) =>
    entry("google")({ ...credentials, checks: OPENID, wellKnown: wellKnown(url), issuer: url }),
  // This generation sends PKCE's parameters by default, which Apple does not know.
  apple: ({ url, credentials }) =>
    entry("apple")({
      ...credentials,
      checks: ["state", "nonce"],
      wellKnown: wellKnown(url),
      issuer: url,
      client: { token_endpoint_auth_method: "client_secret_post" },
    }),
  line: ({ url, credentials }) =>
    entry("line")({ ...credentials, checks: OPENID, wellKnown: wellKnown(url), issuer: url }),
  openid: ({ url, credentials, method, key, profileFrom, ...names }) => ({
    ...names,
    ...credentials,
    type: "oauth",
    wellKnown: wellKnown(url),
    authorization: { params: { scope: "openid email profile" } },
    idToken: true,
    ...(profileFrom === "userinfo" && { userinfo: { request: ({ client, tokens }) => client.userinfo(tokens) } }),
    checks: OPENID,
    profile: standardProfile,
    client: { token_endpoint_auth_method: method },
    ...(key && { jwks: { keys: [key] } }),
  }),
  oauth: ({ url, credentials, method, formTokens, ...names }) => ({
    ...names,
    ...credentials,
    type: "oauth",
    authorization: { url: `${url}/authorize`, params: { scope: "profile email" } },
    token: { url: `${url}/token`, ...(formTokens && { request: formTokenRequest(`${url}/token`) }) },
    userinfo: `${url}/userinfo`,
    checks: CHECKED,
    profile: standardProfile,
    client: { token_endpoint_auth_method: method },
  }),
};

/** The request listener. */
export async function listener({ origin, basePath, secret, providers }) {
  process.env.NEXTAUTH_URL = origin + basePath;
  const github = providers.find(({ kind }) => kind === "github");
  if (github) leadGitHubTo(github.url);
  const NextAuth = require("next-auth-4").default;
  const options = {
    secret,
    adapter: memoryAdapter(),
    session: { strategy: "jwt" },
    providers: providers.map(({ kind, ...provider }) => PROVIDERS[kind](provider)),
    cookies: providers.some(({ kind }) => kind === "apple") ? crossSiteCookies(COOKIES) : {},
  };
  return nextApi(basePath, (request, response) => NextAuth(request, response, options));
}

/** This generation's GitHub entry names the address of the second call in its code. */
function leadGitHubTo(url) {
  const real = globalThis.fetch;
  globalThis.fetch = (input, init) => real(String(input).replace("https://api.github.com", `${url}/api/v3`), init);
}

const wellKnown = (issuer) => `${issuer}/.well-known/openid-configuration`;

function standardProfile({ sub, name, email, picture }) {
  return { id: sub, name, email, image: picture };
}

/** What an application does for a provider whose token response is a form. */
function formTokenRequest(url) {
  return async ({ provider, params, checks }) => {
    const { clientId, clientSecret } = provider;
    const pair = [clientId, clientSecret].map((part) => encodeURIComponent(part).replaceAll("%20", "+")).join(":");
    const { code } = params;
    if (params.state !== checks.state) throw new Error("state mismatch");
    const form = { grant_type: "authorization_code", code, redirect_uri: provider.callbackUrl, code_verifier: checks.code_verifier };
    const headers = { authorization: `Basic ${Buffer.from(pair).toString("base64")}` };
    const response = await fetch(url, { method: "POST", headers, body: new URLSearchParams(form) });
    return { tokens: Object.fromEntries(new URLSearchParams(await response.text())) };
  };
}

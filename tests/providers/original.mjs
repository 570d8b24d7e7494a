// A sign-in through a provider of the real @auth/core, played against an imagined provider: every request that the
// package makes behind the browser's back is answered here and kept.
import { Auth, skipCSRFCheck } from "@auth/core";

const ORIGIN = "https://app.example";

export const redirectUri = (id) => `${ORIGIN}/api/auth/callback/${id}`;

/**
 * Signs in. `make` makes the provider, the rest is as in `crates/keyward-providers/examples/describe.rs`.
 * Gives `{url, user, account, requests}`, or `{error, requests}` where the package refuses.
 */
export async function signIn(make, { query = [], metadata, tokens, claims, response = [], answers = {} }) {
  const requests = [];
  const told = [];
  let nonce;
  const answer = (url, request) => {
    if (url.endsWith("/.well-known/openid-configuration")) return Response.json(metadata);
    requests.push(request);
    const form = request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded");
    if (form && request.body.includes("grant_type=")) {
      return Response.json(claims ? { ...tokens, id_token: idToken({ ...claims, nonce }, metadata, provider) } : tokens);
    }
    const body = url in answers ? answers[url] : answers["*"];
    if (body?.["@jwt"]) return new Response(signed(body["@jwt"]), { headers: { "content-type": "application/jwt" } });
    return body ? Response.json(body) : new Response(null, { status: 404 });
  };
  const outer = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const headers = Object.fromEntries(request.headers);
    return answer(request.url, { method: request.method, url: request.url, headers, body: await request.text() });
  };

  const provider = make();
  let seen;
  const config = {
    providers: [provider],
    secret: "a secret of the comparison with the original",
    basePath: "/api/auth",
    trustHost: true,
    skipCSRFCheck,
    logger: { error: (error) => told.push(error), warn() {}, debug() {} },
    callbacks: { signIn: (given) => ((seen = given), true) },
  };
  const id = provider.options?.id ?? provider.id;
  try {
    const asked = new URLSearchParams(query).toString();
    const start = await Auth(
      new Request(`${ORIGIN}/api/auth/signin/${id}${asked && `?${asked}`}`, {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
      }),
      config,
    );
    const url = start.headers.get("location");
    if (!url || url.startsWith(ORIGIN)) return { error: `${told[0]?.cause?.err ?? told[0] ?? url}`, requests };
    const sent = new URL(url).searchParams;
    nonce = sent.get("nonce") ?? undefined;

    const cookie = start.headers.getSetCookie().map((line) => line.split(";")[0]).join("; ");
    const fields = new URLSearchParams({ code: "the-code", ...Object.fromEntries(response) });
    if (sent.has("state")) fields.set("state", sent.get("state"));
    const back = `${ORIGIN}/api/auth/callback/${id}`;
    const posted = sent.get("response_mode") === "form_post";
    const callback = posted
      ? new Request(back, { method: "POST", body: fields, headers: { cookie } })
      : new Request(`${back}?${fields}`, { headers: { cookie } });
    await Auth(callback, config);
    if (!seen) return { url, error: `${told[0]?.cause?.err ?? told[0]}`, requests };
    return { url, user: seen.user, account: seen.account, requests };
  } finally {
    globalThis.fetch = outer;
  }
}

function idToken(claims, metadata, provider) {
  const now = Math.floor(Date.now() / 1000);
  return signed({ iss: metadata.issuer, aud: "the-client", iat: now, exp: now + 60, ...claims }, provider.client?.id_token_signed_response_alg);
}

/** The package does not look at the signature. */
function signed(claims, alg = "RS256") {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg })}.${part(claims)}.c2lnbmF0dXJl`;
}


// An issuer of access tokens of the test's own: good ones, and every kind of bad one.
import { createHmac, createPublicKey, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

export const AUDIENCE = "orders";
export const ALGORITHMS = ["ES256", "RS256", "EdDSA"];

const generated = {
  ES256: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
  RS256: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
  EdDSA: () => generateKeyPairSync("ed25519"),
};
const signature = {
  ES256: (data, key) => sign("sha256", data, { key, dsaEncoding: "ieee-p1363" }),
  RS256: (data, key) => sign("sha256", data, key),
  EdDSA: (data, key) => sign(null, data, key),
  none: () => Buffer.alloc(0),
  HS256: (data, secret) => createHmac("sha256", secret).update(data).digest(),
};

/** A key pair: `{alg, kid, privateKey, jwk, pem}`, of which `jwk` and `pem` are public. */
export function newKey(alg, kid = randomUUID()) {
  const { privateKey, publicKey } = generated[alg]();
  const pem = publicKey.export({ type: "spki", format: "pem" });
  return { alg, kid, privateKey, pem, jwk: { ...createPublicKey(pem).export({ format: "jwk" }), kid, alg, use: "sig" } };
}

const encoded = (json) => Buffer.from(JSON.stringify(json)).toString("base64url");

/** Signs claims; `header` is laid over the right one, and says how to sign if it has an `alg`. `key` may be a secret. */
export function signed(key, claims, header = {}) {
  const head = { alg: key.alg, typ: "at+jwt", kid: key.kid, ...header };
  const data = `${encoded(head)}.${encoded(claims)}`;
  return `${data}.${signature[head.alg](Buffer.from(data), key.privateKey ?? key.secret).toString("base64url")}`;
}

/**
 * Serves one set of keys under any path, so that each verifier can have an issuer of its own:
 * `{issuer(name), fetches(name), pauses(name), asked, keys, down, stop()}`. What `keys` holds is published; `down` has it
 * answer 503; `asked` is when it was last asked for them; `pauses` are the milliseconds between one fetch and the next.
 */
export async function startIssuer() {
  const fetched = new Map();
  const timesOf = (name) => fetched.get(name) ?? [];
  const issuer = {
    keys: ALGORITHMS.map((alg) => newKey(alg)),
    down: false,
    asked: 0,
    issuer: (name) => `http://127.0.0.1:${server.address().port}/${name}`,
    fetches: (name) => timesOf(name).length,
    pauses: (name) => timesOf(name).slice(1).map((at, before) => at - timesOf(name)[before]),
    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
  const server = createServer(({ url }, response) => {
    const name = url.match(/^\/([^/]+)\/-\/v1\/jwks$/)?.[1];
    if (!name) return response.writeHead(404).end();
    issuer.asked = Date.now();
    fetched.set(name, [...timesOf(name), issuer.asked]);
    if (issuer.down) return response.writeHead(503).end();
    response.setHeader("content-type", "application/jwk-set+json").setHeader("cache-control", "public, max-age=60");
    response.end(JSON.stringify({ keys: issuer.keys.map(({ jwk }) => jwk) }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return issuer;
}

/** The claims of a good token (RFC 9068 section 2.2). */
export function claimsOf(issuer, over = {}) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer, aud: AUDIENCE, sub: "user-1", client_id: "web", jti: randomUUID(), sid: "s-1", iat: now, exp: now + 300 };
  return { ...claims, ...over };
}

/** Replaces one character in the middle of a part of the token. */
export function tampered(token, part) {
  const parts = token.split(".");
  const at = Math.floor(parts[part].length / 2);
  const other = parts[part][at] === "A" ? "B" : "A";
  parts[part] = parts[part].slice(0, at) + other + parts[part].slice(at + 1);
  return parts.join(".");
}

/** The token with another subject, under the signature that it had. */
export function exchanged(token) {
  const [header, payload, signature] = token.split(".");
  const claims = { ...JSON.parse(Buffer.from(payload, "base64url")), sub: "admin" };
  return [header, encoded(claims), signature].join(".");
}

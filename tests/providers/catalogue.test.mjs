// Every OAuth and OpenID provider of the catalogue against the real @auth/core: the authorization URL, the requests
// behind the browser's back, and the user that comes of them, from the same input.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { DIFFERENCES, rule } from "./differences.mjs";
import { redirectUri, signIn } from "./original.mjs";
import { samples, wrapped } from "./samples.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CATALOGUE = JSON.parse(readFileSync(path.join(ROOT, "crates/keyward-providers/src/catalogue.json"), "utf8"));
const MODULES = path.join(path.dirname(createRequire(import.meta.url).resolve("@auth/core")), "providers");

const CLIENT = "the-client";
const SECRET = "a client secret & more: 32 bytes";
const TOKENS = {
  access_token: "the-access-token", refresh_token: "the-refresh-token", token_type: "bearer", expires_in: 3600, scope: "granted",
  // What single providers put beside: WeChat, Nextcloud, Bungie, VK.
  openid: "the openid", user_id: "ada", membership_id: "4711", email: "Vk@Example.com",
};
/** Where a provider's token response is odd. */
const ODD_TOKENS = { twitch: { scope: ["granted"] }, wechat: { token_type: undefined } };
const QUERY = [["prompt", "consent"], ["login_hint", "ada@example.com"]];

/** What an entry needs beside id and secret: `original` for the package, `ours` for Keyward. */
const SETTINGS = {
  bungie: { ours: { options: { api_key: "key" } } },
  netsuite: {
    // Refused by the package without an issuer: it looks for the endpoint in the wrong place.
    original: { accountID: "ACME", userinfo: "https://acme.example/restlet", issuer: "https://acme.example" },
    ours: { options: { account_id: "ACME" }, userinfo_endpoint: "https://acme.example/restlet" },
  },
  todoist: { original: { issuer: "https://todoist.com" } }, // as netsuite
  osso: { original: { issuer: "https://issuer.example/" }, ours: { issuer: "https://issuer.example/" } },
};

const originals = await load();
const cases = CATALOGUE.flatMap(casesOf);
const ours = describe(cases.map(({ input }) => input));
const used = new Set();

test("c5 the catalogue has every OAuth and OpenID provider of the package, and no other", () => {
  assert.deepEqual(CATALOGUE.map(({ id }) => id), [...originals.keys()].sort());
});

for (const entry of CATALOGUE) {
  test(`c5 ${entry.id}: the same authorization URL, requests and user as the original`, async () => {
    for (const [place, one] of cases.entries()) {
      if (one.id !== entry.id) continue;
      const original = await signIn(() => originals.get(one.id)(one.settings), one.played);
      // A profile that both refuse would compare nothing of the user; of a bare one the original may stumble.
      const refused = [one.sample !== "bare" && original.error, ours[place].error].filter(Boolean);
      assert.deepEqual(refused, [], `${one.sample} signs nobody in`);
      const left = differences(original, ours[place])
        .map((difference) => ({ id: one.id, sample: one.sample, ...difference }))
        .filter((difference) => {
          const found = rule(difference);
          if (found) used.add(found);
          return !found;
        });
      assert.deepEqual(left, []);
    }
  });
}

test("c5 every listed difference from the original is there", () => {
  assert.deepEqual(DIFFERENCES.filter((one) => !used.has(one)).map(({ why }) => why), []);
});

async function load() {
  const all = new Map();
  // These import packages that are not installed with it, and sign nobody in through a provider.
  const others = ["webauthn.js", "passkey.js", "nodemailer.js", "email.js"];
  for (const file of readdirSync(MODULES).filter((name) => name.endsWith(".js") && !others.includes(name))) {
    const make = (await import(path.join(MODULES, file))).default;
    if (typeof make !== "function") continue;
    const { id, type } = make({ clientId: CLIENT, clientSecret: SECRET, issuer: "https://issuer.example", server: "smtp://x", apiKey: "x", authorize() {} });
    if (type === "oauth" || type === "oidc") all.set(id, make);
  }
  return all;
}

function casesOf(entry) {
  const needed = SETTINGS[entry.id] ?? {};
  const issuer = entry.issuer === "{issuer}" ? { issuer: needed.ours?.issuer ?? "https://issuer.example/tenant" } : {};
  const settings = () => ({ clientId: CLIENT, clientSecret: SECRET, ...issuer, ...needed.original });
  return Object.entries(samples(entry)).map(([sample, profile]) => {
    const played = { query: QUERY, tokens: { ...TOKENS, ...ODD_TOKENS[entry.id] }, ...asProvider(entry, profile, issuer.issuer) };
    if (entry.id === "apple" && profile.user) {
      played.response = [["user", JSON.stringify(profile.user)]];
      delete played.claims.user;
    }
    const input = {
      id: entry.id, client_id: CLIENT, client_secret: SECRET, ...issuer, ...needed.ours,
      redirect_uri: redirectUri(entry.id), ...played,
    };
    return { id: entry.id, sample, get settings() { return settings(); }, played, input };
  });
}

/** How the provider answers to give this profile. */
function asProvider(entry, profile, configured) {
  const answers = { "https://api.github.com/user/emails": [{ email: "x@example.com" }, { email: "Primary@example.com", primary: true, verified: true }] };
  answers["https://graph.microsoft.com/v1.0/me/photos/48x48/$value"] = null;
  if (entry.kind === "oauth") return { answers: { ...answers, "*": wrapped(profile, entry.userinfo?.pick) } };

  const issuer = (configured ?? entry.issuer).replace("{client_id}", CLIENT);
  const metadata = {
    issuer,
    authorization_endpoint: "https://op.example/authorize?own=1",
    token_endpoint: "https://op.example/token",
    userinfo_endpoint: "https://op.example/userinfo",
    jwks_uri: "https://op.example/keys",
    end_session_endpoint: "https://op.example/logout",
    response_types_supported: ["code"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256", "ES256"],
    code_challenge_methods_supported: ["S256"],
  };
  const asked = entry.profile_from === "userinfo";
  // Every ID token names one.
  const person = { ...profile, sub: String(profile.sub ?? "the subject") };
  const claims = asked ? { sub: person.sub } : person;
  // BankID signs its answer.
  return { metadata, claims, answers: { ...answers, ...(asked && { "*": entry.id === "bankid-no" ? { "@jwt": person } : person }) } };
}

function describe(inputs) {
  const built = process.env.KEYWARD_BIN ? path.dirname(process.env.KEYWARD_BIN) : path.join(ROOT, "target/debug");
  const program = path.join(built, "examples/describe");
  if (!existsSync(program)) throw new Error(`no ${program}: build it (cargo build -p keyward-providers --example describe)`);
  const run = spawnSync(program, { input: JSON.stringify(inputs), encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  assert.equal(run.status, 0, run.stderr);
  return JSON.parse(run.stdout);
}

function differences(original, ours) {
  const found = [];
  const compare = (field, a, b) => {
    if (JSON.stringify(a) !== JSON.stringify(b)) found.push({ field, original: a, ours: b });
  };
  if (original.url && ours.url) {
    const [a, b] = [new URL(original.url), new URL(ours.url)];
    compare("url", a.origin + a.pathname, b.origin + b.pathname);
    for (const name of union(a.searchParams.keys(), b.searchParams.keys())) {
      const values = [a, b].map(({ searchParams }) => searchParams.getAll(name).join(" and ") || (searchParams.has(name) ? "" : undefined));
      // Random on both sides: that they are there is what is compared.
      const random = ["state", "nonce", "code_challenge"].includes(name);
      compare(`url.${name}`, ...(random ? values.map((value) => value && "random") : values));
    }
  }
  compare("outcome", original.error && "refused", ours.error && "refused");
  if (original.error || ours.error) {
    if (found.at(-1)?.field === "outcome") found.at(-1).said = original.error ?? ours.error;
    return found;
  }
  compare("user.id", String(original.account.providerAccountId), ours.user.id);
  const text = (value) => (value === undefined || value === null ? null : String(value));
  for (const name of ["name", "email", "image"]) compare(`user.${name}`, text(original.user[name]), ours.user[name]);
  for (const name of ["provider", "type", "access_token", "refresh_token", "token_type", "scope", "expires_in"]) {
    compare(`account.${name}`, original.account[name], ours.account[name]);
  }
  for (const place of Array(Math.max(original.requests.length, ours.requests.length)).keys()) {
    const [a, b] = [original.requests[place], ours.requests[place]].map(outline);
    for (const name of union(Object.keys(a), Object.keys(b))) compare(`requests[${place}].${name}`, a[name], b[name]);
  }
  return found;
}

const union = (a, b) => new Set([...a, ...b]);

/** A request by method, address, the headers that matter, and the members of its body. */
function outline(request) {
  if (!request) return {};
  const { "user-agent": _agent, accept: _accept, "content-type": type = "", "content-length": _length, ...headers } = request.headers;
  const form = type.startsWith("application/x-www-form-urlencoded") || request.body.includes("grant_type=");
  const body = form ? Object.fromEntries(new URLSearchParams(request.body)) : { text: request.body };
  if (body.code_verifier) body.code_verifier = "random";
  return {
    method: request.method,
    url: request.url.replace(/\+/g, "%20"),
    ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [`header ${name}`, value])),
    ...Object.fromEntries(Object.entries(body).map(([name, value]) => [`body ${name}`, value])),
  };
}

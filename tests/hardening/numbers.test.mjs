// Boundary values on every number that can be written down: in the configuration, and in what programs send.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { SECRET, startKeyward } from "../support/keyward.mjs";
import { toToml } from "../support/toml.mjs";
import { Person } from "./person.mjs";

const KEYWARD = process.env.KEYWARD_BIN ?? fileURLToPath(new URL("../../target/debug/keyward", import.meta.url));
const OF_SERVERS = /^(NEXTAUTH|AUTH|KEYWARD|VERCEL|EMAIL)_|^(PORT|NODE_ENV)$/;
const ENV = Object.fromEntries(Object.entries(process.env).filter(([name]) => !OF_SERVERS.test(name)));
const ADMIN = "Oq7-operator_0f5a9c31e7d24b86Zt4kLw";

const run = (...args) =>
  new Promise((resolve) => {
    execFile(KEYWARD, args, { env: ENV }, (error, stdout, stderr) =>
      resolve({ code: error ? (error.code ?? error.signal) : 0, output: stdout + stderr, stdout }));
  });

/** A number that JavaScript can't hold; `written` takes the marks away. */
const exact = (digits) => `exactly ${digits}`;
const written = (config) => toToml(config).replace(/"exactly (-?\d+)"/g, "$1");

/** What is tried for a key of a kind. */
const VALUES = {
  integer: [1, 0, -1, 255, 256, 4294967295, 4294967296, 9007199254740991, exact("9223372036854775807"), exact("-9223372036854775808"), exact("9223372036854775808")],
  duration: ["0s", "1s", "60s", "1h", "7d", "-1s", "99999999999999999999d", "9223372036854775807s", "106751991168d", "1e9s", "s", ""],
  size: ["64KiB", "1B", "0B", "-1B", "18446744073709551615MiB", "9007199254740993MiB", "B"],
  rate: ["10/minute", "1/day", "0/minute", "-1/minute", "4294967296/second", "99999999999999999999/hour", "1/0", "/minute"],
};

/** Every key of the schema that holds a number, with its kinds. */
function numbers(schema) {
  const found = new Map();
  const walk = (node, path) => {
    while (node.$ref) node = schema.$defs[node.$ref.split("/").at(-1)];
    for (const other of [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])]) walk(other, path);
    const is = (type) => [node.type].flat().includes(type);
    const kinds = [
      is("integer") && "integer",
      node.pattern?.includes("[smhd]") && "duration",
      node.pattern?.includes("KiB") && "size",
      node.pattern?.includes("second|minute") && "rate",
    ].filter(Boolean);
    if (kinds.length > 0) found.set(path.join("."), new Set([...(found.get(path.join(".")) ?? []), ...kinds]));
    for (const [name, child] of Object.entries(node.properties ?? {})) walk(child, [...path, name]);
    if (node.items) walk(node.items, [...path, "0"]);
  };
  walk(schema, []);
  return found;
}

const PROVIDERS = [
  {
    id: "login", type: "backend", name: "Login", endpoint: "http://127.0.0.1:9/",
    fields: [{ name: "email" }], tokens: {}, refresh: { endpoint: "http://127.0.0.1:9/refresh" },
  },
  { id: "github", type: "oauth", client_id: "x", client_secret: "y" },
  { id: "email", type: "email", server: "smtp://127.0.0.1:9", from: "a@example.com" },
];
const base = (provider) => ({
  public_url: "https://app.example",
  secret: SECRET,
  accounts: { enabled: true },
  hooks: { secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", sign_in: "http://127.0.0.1:9/" },
  tokens: { audiences: [{ name: "https://api.test" }] },
  mail: { host: "127.0.0.1", from: "a@example.com" },
  providers: provider ? [provider] : [],
});

/** The configuration with a value at a path. */
function withValue(config, path, value) {
  const whole = structuredClone(config);
  const names = path.split(".");
  let at = whole;
  for (const name of names.slice(0, -1)) at = at[name] ??= {};
  at[names.at(-1)] = value;
  return whole;
}

test("lesson_84 every number of the configuration is bounded: refused with a place or taken, and never a panic", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "keyward-numbers-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const keys = numbers(JSON.parse((await run("schema")).stdout));
  assert.ok(keys.size > 25, [...keys.keys()].join(" "));
  const tries = [...keys].flatMap(([path, kinds]) =>
    (path.startsWith("providers.") ? PROVIDERS : [undefined]).flatMap((provider) =>
      [...kinds].flatMap((kind) => VALUES[kind].map((value) => ({ path, provider, value })))));
  for (const provider of [undefined, ...PROVIDERS]) {
    const file = join(folder, "sound.toml");
    await writeFile(file, written(base(provider)));
    const { code, output } = await run("check", "--config", file);
    assert.equal(code, 0, `${provider?.id}: ${output}`);
  }
  const taken = new Set();
  let next = 0;
  const worker = async (_, n) => {
    const file = join(folder, `${n}.toml`);
    for (let at = next++; at < tries.length; at = next++) {
      const { path, provider, value } = tries[at];
      await writeFile(file, written(withValue(base(provider), path, value)));
      const { code, output } = await run("check", "--config", file);
      assert.ok(code === 0 || code === 2, `${path} = ${value}: ${code}\n${output}`);
      assert.doesNotMatch(output, /panicked/, `${path} = ${value}`);
      if (code === 2) assert.match(output, /\.toml:\d+:\d+|nobody|missing|error/, `${path} = ${value}`);
      else taken.add(tries[at]);
    }
  };
  await Promise.all(Array.from({ length: 4 }, worker));
  // In the order of the list and not of the answers: spans that bound each other are the same from run to run.
  const accepted = new Map();
  for (const tried of tries.filter((tried) => taken.has(tried))) accepted.set(tried.path, [...(accepted.get(tried.path) ?? []), tried]);
  for (const path of keys.keys()) assert.ok(accepted.has(path), `nothing is accepted for ${path}`);

  await t.test("and what is accepted serves, the smallest as the largest", async (t) => {
    for (const pick of [0, -1]) {
      let config = {};
      for (const [path, values] of accepted) {
        const mine = values.map(({ provider, value }) => !provider && !`${value}`.startsWith("exactly") && value).filter((value) => value !== false);
        if (mine.length > 0 && !/^(hooks|mail)\./.test(path)) config = withValue(config, path, mine.at(pick));
      }
      config.tokens.audiences = [{ ...config.tokens.audiences?.["0"], name: "https://api.test" }];
      const keyward = await startKeyward({ config: { accounts: { enabled: true }, ...config } });
      t.after(() => keyward.stop());
      const person = new Person(keyward);
      for (const attempt of [person.signUp("ada@example.com"), person.signIn("ada@example.com")]) {
        assert.ok([200, 401, 429, 503].includes((await attempt).status), keyward.log);
      }
      await person.session();
      assert.doesNotMatch(keyward.log, /panicked/);
    }
  });
});

test("lesson_84 numbers that programs send are kept exactly or refused, and never a panic", async (t) => {
  const keyward = await startKeyward({ config: { accounts: { enabled: true }, admin: { keys: [ADMIN] } } });
  t.after(() => keyward.stop());
  const person = new Person(keyward);
  assert.equal((await person.signUp("ada@example.com")).status, 200);
  const operator = async (path, body) => {
    const headers = { authorization: `Bearer ${ADMIN}`, "content-type": "application/json" };
    const response = await fetch(`${keyward.url}/api/auth/-/v1/admin/${path}`, { method: body ? "PATCH" : "GET", headers, body });
    return { status: response.status, text: await response.text() };
  };
  const found = await operator("users?email=ada@example.com");
  const [{ id }] = JSON.parse(found.text).users;
  for (const number of ["0", "-0", "18446744073709551615", "-9223372036854775808", "1.7976931348623157e308", "5e-324"]) {
    const { status, text } = await operator(`users/${id}`, `{"claims":{"n":${number}}}`);
    assert.equal(status, 200, text);
    assert.equal(Number(text.match(/"n":([^,}]+)/)?.[1]), Number(number), text);
  }
  for (const odd of ["1e999", "NaN", "0x10", "01", "--1", "1e", "9".repeat(5000)]) {
    const { status, text } = await operator(`users/${id}`, `{"claims":{"n":${odd}}}`);
    assert.ok(status === 200 || (status >= 400 && status < 500), `${odd}: ${status} ${text}`);
  }
  for (const query of ["limit=0", "limit=-1", "limit=18446744073709551616", "page_size=0", "page=-1", "before=NaN"]) {
    const { status } = await operator(`users?email=ada@example.com&${query}`);
    assert.ok(status === 200 || (status >= 400 && status < 500), `${query}: ${status}`);
  }
  assert.doesNotMatch(keyward.log, /panicked/);
});

test("lesson_79 a credential passes as a whole and nothing else does, and every refusal is the same", async (t) => {
  const client = { id: "shop", secret: "kX2-9fQ_a7Lw3ZsT0vBn5RyE8cJu1HdM" };
  const audience = "https://api.test";
  const keyward = await startKeyward({
    config: {
      accounts: { enabled: true },
      tokens: { audiences: [{ name: audience }] },
      clients: [{ ...client, audiences: [audience] }],
      admin: { keys: [ADMIN] },
    },
  });
  t.after(() => keyward.stop());
  const person = new Person(keyward);
  await person.signUp("ada@example.com");
  const cookie = [...person.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  const basic = (secret) => `Basic ${Buffer.from(`${client.id}:${secret}`).toString("base64")}`;
  const calls = {
    "an application's secret": [client.secret, (secret) =>
      fetch(`${keyward.url}/api/auth/-/v1/token`, {
        method: "POST",
        headers: { cookie, authorization: basic(secret), "content-type": "application/json" },
        body: JSON.stringify({ audience }),
      })],
    "an operator's key": [ADMIN, (key) =>
      fetch(`${keyward.url}/api/auth/-/v1/admin/users?email=ada@example.com`, { headers: { authorization: `Bearer ${key}` } })],
  };
  for (const [name, [whole, call]] of Object.entries(calls)) {
    assert.equal((await call(whole)).status, 200, name);
    const refusals = new Set();
    const flipped = [...whole].map((c, at) => whole.slice(0, at) + (c === "x" ? "y" : "x") + whole.slice(at + 1));
    const cut = [1, 8, whole.length - 1].map((length) => whole.slice(0, length));
    const others = ["", whole.toUpperCase(), whole.toLowerCase(), `${whole}${whole}`, `${whole}x`, `x${whole}`, "x".repeat(whole.length)];
    for (const wrong of [...flipped, ...cut, ...others].filter((wrong) => wrong !== whole)) {
      const response = await call(wrong);
      assert.equal(response.status, 401, `${name}: ${wrong}`);
      refusals.add(await response.text());
    }
    assert.equal(refusals.size, 1, `${name}: ${[...refusals].join("\n")}`);
  }
});

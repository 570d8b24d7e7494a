// Guessing passwords at two processes on one database: they count together, a restart forgets nothing, and the owner is not
// among those who wait. What is refused is in the audit trail, and nothing that was typed is.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { startKeyward } from "../support/keyward.mjs";
import { openedThings } from "../support/opened.mjs";

const run = promisify(execFile);
const KEYWARD = process.env.KEYWARD_BIN ?? fileURLToPath(new URL("../../target/debug/keyward", import.meta.url));
const ADA = "ada@example.com";
const PASSWORD = "plum harbour velvet 42";
// Both listen on loopback; who stands before them is said by the proxy that they trust.
const CONFIG = { trusted_proxies: ["127.0.0.1"], accounts: { enabled: true }, limits: { sign_in_per_account: "1000/second", wrong_passwords: 5 } };

describe("two processes on one database", () => {
  const opened = openedThings();
  let one;
  let two;

  before(async () => {
    one = await opened.add(startKeyward({ config: CONFIG }), (server) => server.stop());
    two = await opened.add(second(one.folder), (server) => server.stop());
    assert.equal((await post(one, "signup", { email: ADA, password: PASSWORD }, visitor("203.0.113.5"))).status, 200);
  });
  after(() => opened.close());

  test("strangers have twenty guesses at an account, whichever process they ask and wherever they are", async () => {
    const statuses = [];
    for (let n = 0; n < 30; n += 1) {
      const server = n % 2 ? one : two;
      statuses.push((await guess(server, `192.0.2.${n}`)).status);
    }
    const let_through = statuses.filter((status) => status === 401).length;
    assert.equal(statuses.slice(0, 20).every((status) => status === 401), true, statuses.join());
    assert.ok(let_through <= 22, `${let_through} of 30 guesses`);
    const refused = await guess(one, "198.51.100.1");
    assert.equal(refused.status, 429);
    assert.ok(Number(refused.headers.get("retry-after")) >= 1);
    assert.match((await refused.json()).url, /error=rate_limited/);
  });

  test("a process that starts now knows of it", async () => {
    await letTheWaitGrow(one);
    await two.stop();
    two = await opened.add(second(one.folder), (server) => server.stop());
    assert.equal((await guess(two, "198.51.100.2")).status, 429);
  });

  test("the owner at home signs in at once, and from then on with that device from anywhere", async () => {
    const laptop = visitor("203.0.113.5");
    assert.equal((await post(two, "credentials", { email: ADA, password: PASSWORD }, laptop)).status, 200);
    laptop.address = "198.51.100.200";
    assert.equal((await post(one, "credentials", { email: ADA, password: PASSWORD }, laptop)).status, 200);
    assert.equal((await post(one, "credentials", { email: ADA, password: PASSWORD }, visitor("198.51.100.201"))).status, 429);
  });

  test("an account that nobody has takes as many guesses", async () => {
    const statuses = [];
    for (let n = 0; n < 25; n += 1) statuses.push((await guess(n % 2 ? one : two, `192.0.2.${100 + n}`, "nobody@example.com")).status);
    assert.equal(statuses.slice(0, 20).every((status) => status === 401), true, statuses.join());
    assert.ok(statuses.includes(429));
  });

  test("the trail tells of it, and the command prints it, without what was typed", async () => {
    await guess(one, "192.0.2.250", "hunter2-typed-into-the-wrong-field");
    const { stdout } = await audit("--json");
    const entries = stdout.trim().split("\n").map((line) => JSON.parse(line));
    const kinds = new Set(entries.map(({ kind }) => kind));
    for (const kind of ["user_created", "signed_in", "sign_in_refused", "sign_in_delayed"]) assert.ok(kinds.has(kind), kind);
    const refused = entries.find(({ kind, network }) => kind === "sign_in_refused" && network === "192.0.2.3");
    const created = entries.find(({ kind }) => kind === "user_created");
    assert.equal(refused.user, created.user);
    assert.deepEqual(refused.detail, { code: "CredentialsSignin", method: "credentials" });
    const unknown = entries.find(({ network }) => network === "192.0.2.250");
    assert.match(unknown.subject, /^[0-9a-f]{32}$/);
    const { stdout: some } = await audit("--user", ADA, "--kind", "sign_in_refused", "--network", "192.0.2.3", "--since", "1h");
    assert.equal(some.trim().split("\n").length, 1, some);
    const database = await readFile(join(one.folder, "keyward.db"));
    const log = await readFile(join(one.folder, "keyward.db-wal")).catch(() => Buffer.alloc(0));
    for (const typed of ["a wrong password", "hunter2-typed"]) {
      assert.ok(!stdout.includes(typed));
      assert.ok(!database.includes(typed) && !log.includes(typed), `${typed} is in the database`);
    }
  });

  /** `keyward audit` of this database. */
  const audit = (...args) => run(KEYWARD, ["audit", "--config", join(one.folder, "keyward.toml"), ...args]);
});

/** Another process on the database in `folder`. */
function second(folder) {
  return startKeyward({ config: { ...CONFIG, database: { url: `sqlite://${join(folder, "keyward.db")}` } } });
}

/** Somebody with a browser of their own, at this network address. */
function visitor(address) {
  return { address, cookies: new Map() };
}

/** Guesses on until strangers wait so long that a slow machine can go on meanwhile. */
async function letTheWaitGrow(server) {
  for (;;) {
    const { status, headers } = await guess(server, "198.51.100.1");
    const seconds = Number(headers.get("retry-after"));
    if (status === 429 && seconds >= 8) return;
    if (status === 429) await sleep(seconds * 1000);
  }
}

function guess(server, address, email = ADA) {
  return post(server, "credentials", { email, password: "a wrong password" }, visitor(address));
}

async function post(server, provider, fields, who) {
  const send = async (path, options = {}) => {
    const cookie = [...who.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { ...options.headers, cookie, "x-forwarded-for": who.address };
    const answer = await fetch(`${server.url}/api/auth/${path}`, { ...options, headers, redirect: "manual" });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      who.cookies.set(name, value);
    }
    return answer;
  };
  const { csrfToken } = await (await send("csrf")).json();
  const body = new URLSearchParams({ csrfToken, json: "true", ...fields });
  return send(`callback/${provider}`, { method: "POST", body });
}

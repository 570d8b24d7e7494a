// The OpenAPI file against the running server: schemathesis calls everything that it describes, with good and bad input.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { freePort } from "../support/child.mjs";
import { CLIENT, call, refresh, signUp, startTogether } from "./program.mjs";

const run = promisify(execFile);
const VERSION = "4.32.5";
const VENV = fileURLToPath(new URL(`../../target/schemathesis-${VERSION}`, import.meta.url));
const HOOKS = fileURLToPath(new URL(".", import.meta.url));
const ADMIN_KEY = "nB4-7rTq_w2LxZ8sVd0kEy6JcUf1HmPa";

// What a person's session and an admin key do carry out. The others need what no description can tell: a link from a
// mail, an account at a provider.
const BY_SESSION =
  "listSessions endSessions sessionEvents listAccounts listActivity verifyEmail resetPassword changePassword changeEmail exportData deleteAccount";
const BY_ADMIN =
  "findUsers user changeUser deleteUser userSessions endUserSessions changeSession endSession adminActivity";

test("f1 the server does what its OpenAPI file says, whatever it is asked by whomever", { timeout: 1_800_000 }, async (t) => {
  await install();
  const { processes } = await startTogether(t, 1, {}, {
    admin: { keys: [ADMIN_KEY] },
    // Nobody is there: the mails wait.
    mail: { server: `smtp://127.0.0.1:${await freePort()}`, from: "keyward@app.test" },
    session: { recent_sign_in: "1h" },
  });
  const [keyward] = processes;
  const { answer: file } = await call(keyward, "openapi.json");
  const described = Object.values(file.paths).flatMap((path) => Object.values(path).filter(({ operationId }) => operationId));
  const operations = described.map(({ operationId }) => operationId);
  assert.equal(operations.length, 33, operations.join(" "));
  const { answer: tokens } = await signUp(keyward, "ada@example.com");
  const basic = Buffer.from(`${CLIENT.id}:${CLIENT.secret}`).toString("base64");
  const callers = {
    nobody: [],
    client: ["--header", `Authorization: Basic ${basic}`],
    bearer: ["--header", `Authorization: Bearer ${tokens.accessToken}`],
    session: ["--include-tag", "sessions", "--include-tag", "account"],
    admin: ["--include-tag", "admin", "--header", `Authorization: Bearer ${ADMIN_KEY}`],
  };
  const carriedOut = {};
  for (const [caller, args] of Object.entries(callers)) {
    const { code, output, seen } = await schemathesis(keyward, caller, args);
    assert.equal(code, 0, `${caller}: ${output}`);
    // All but the file itself, which schemathesis only reads.
    const called = new Set(seen.map(({ operation }) => operation));
    const tags = args.filter((_, at) => args[at - 1] === "--include-tag");
    const asked = described.filter((one) => tags.length === 0 || one.tags.some((tag) => tags.includes(tag)));
    const left = asked.map(({ operationId }) => operationId).filter((operation) => !called.has(operation));
    assert.deepEqual(left, tags.length === 0 ? ["openApi"] : [], `${caller} called everything`);
    carriedOut[caller] = new Set(seen.filter(({ status }) => status === 200).map(({ operation }) => operation));
  }
  const missed = (caller, wanted) => wanted.split(" ").filter((operation) => !carriedOut[caller].has(operation));
  assert.deepEqual(missed("session", BY_SESSION), [], "done as who is signed in");
  assert.deepEqual(missed("admin", BY_ADMIN), [], "done as an operator");
  assert.deepEqual(missed("bearer", "me keySet"), [], "done with an access token");
  const personal = [...BY_SESSION.split(" ").filter((name) => !["verifyEmail", "resetPassword"].includes(name)), ...BY_ADMIN.split(" ")];
  const opened = personal.filter((operation) => ["nobody", "client", "bearer"].some((caller) => carriedOut[caller].has(operation)));
  assert.deepEqual(opened, [], "nobody else did any of it");
  const { status } = await call(keyward, "jwks");
  assert.equal(status, 200, "alive");
  assert.equal((await refresh(keyward, tokens.refreshToken)).status, 200, "and nobody's tokens were touched");
  assert.ok(!/panicked| 500 /.test(keyward.log), keyward.log);
});

async function schemathesis(keyward, caller, as) {
  const base = `${keyward.url}/api/auth`;
  const seen = join(keyward.folder, `seen-by-${caller}.jsonl`);
  const args = [
    "run",
    `${base}/-/v1/openapi.json`,
    "--url",
    `${base}/-/v1`,
    "--checks",
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,negative_data_rejection,unsupported_method",
    "--max-examples",
    "40",
    "--seed",
    "7",
    "--no-color",
    "--generation-database",
    "none",
    // The stream of events ends with it.
    "--request-timeout",
    "10",
    ...as,
  ];
  const env = {
    ...process.env,
    PYTHONPATH: HOOKS,
    PYTHONDONTWRITEBYTECODE: "1",
    SCHEMATHESIS_HOOKS: "hooks",
    KEYWARD_BASE: base,
    KEYWARD_AS: caller,
    KEYWARD_SEEN: seen,
    KEYWARD_ADMIN_KEY: ADMIN_KEY,
  };
  const { code, output } = await run(join(VENV, "bin/schemathesis"), args, { maxBuffer: 64 << 20, cwd: VENV, env }).then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
    (error) => ({ code: error.code ?? 1, output: `${error.stdout}${error.stderr}${error.message}` }),
  );
  const lines = (await readFile(seen, "utf8")).trim().split("\n");
  return { code, output, seen: lines.map((line) => JSON.parse(line)) };
}

/** Puts the pinned schemathesis into an environment of its own, once. */
async function install() {
  const complete = join(VENV, ".complete");
  if (existsSync(complete)) return;
  await rm(VENV, { recursive: true, force: true });
  await mkdir(VENV, { recursive: true });
  await run("python3", ["-m", "venv", VENV]);
  const pip = ["install", "--quiet", "--disable-pip-version-check", `schemathesis==${VERSION}`];
  await run(join(VENV, "bin/pip"), pip, { maxBuffer: 16 << 20 });
  await writeFile(complete, "");
}

// The OpenAPI file against the running server: schemathesis calls everything that it describes, with good and bad input.
// What it cannot guess, such as a link out of a mail, answers.test.mjs does.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { freePort } from "../support/child.mjs";
import { toToml } from "../support/toml.mjs";
import { CLIENT, call, refresh, signUp, startTogether } from "./program.mjs";
import { inEnvironment } from "./schemathesis.mjs";

const ADMIN_KEY = "nB4-7rTq_w2LxZ8sVd0kEy6JcUf1HmPa";

// Random calls of an operation, beside those of every boundary that its parameters have: by a caller whom the
// description lets in; by nobody, where it lets in others; and by others at a door that is not theirs.
const INSIDE = 40;
const NOBODY_AT_A_DOOR = 8;
const AT_ANOTHERS_DOOR = 3;

// What a person's session and an admin key do carry out. The others need what no description can tell: a link from a
// mail, an account at a provider.
const BY_SESSION =
  "listSessions endSessions sessionEvents listAccounts listActivity verifyEmail resetPassword changePassword changeEmail exportData deleteAccount";
const BY_ADMIN =
  "findUsers user changeUser deleteUser userSessions endUserSessions changeSession endSession adminActivity";

test("f1 the server does what its OpenAPI file says, whatever it is asked by whomever", async (t) => {
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
    // First, while the token is fresh.
    bearer: ["--header", `Authorization: Bearer ${tokens.accessToken}`],
    nobody: [],
    client: ["--header", `Authorization: Basic ${basic}`],
    session: ["--include-tag", "sessions", "--include-tag", "account"],
    admin: ["--include-tag", "admin", "--header", `Authorization: Bearer ${ADMIN_KEY}`],
  };
  const carriedOut = {};
  for (const [caller, args] of Object.entries(callers)) {
    const began = Date.now();
    const { code, output, seen } = await schemathesis(keyward, caller, described, args);
    assert.equal(code, 0, `${caller}: ${output}`);
    t.diagnostic(`${caller}: ${seen.length} calls in ${Math.round((Date.now() - began) / 1000)} s`);
    // The file itself schemathesis may only read.
    const called = new Set(["openApi", ...seen.map(({ operation }) => operation)]);
    const tags = args.filter((_, at) => args[at - 1] === "--include-tag");
    const asked = described.filter((one) => tags.length === 0 || one.tags.some((tag) => tags.includes(tag)));
    const left = asked.map(({ operationId }) => operationId).filter((operation) => !called.has(operation));
    assert.deepEqual(left, [], `${caller} called everything`);
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

/** Everything that is asked by one caller, from whom `as` says. */
async function schemathesis(keyward, caller, described, as) {
  const base = `${keyward.url}/api/auth`;
  const [seen, config] = [`seen-by-${caller}.jsonl`, `schemathesis-${caller}.toml`].map((name) => join(keyward.folder, name));
  await writeFile(config, toToml(configuration(caller, described)));
  const args = [
    "--config-file",
    config,
    "run",
    `${base}/-/v1/openapi.json`,
    "--url",
    `${base}/-/v1`,
    "--checks",
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,negative_data_rejection,unsupported_method",
    "--no-color",
    "--generation-database",
    "none",
    ...as,
  ];
  const { code, output } = await inEnvironment("schemathesis", args, {
    SCHEMATHESIS_HOOKS: "hooks",
    KEYWARD_BASE: base,
    KEYWARD_AS: caller,
    KEYWARD_SEEN: seen,
    KEYWARD_ADMIN_KEY: ADMIN_KEY,
  });
  const lines = (await readFile(seen, "utf8")).trim().split("\n");
  return { code, output, seen: lines.map((line) => JSON.parse(line)) };
}

/**
 * How much a caller tries. Whom the description does not let in is refused at the door whatever they say: every boundary
 * is tried there by nobody alone. Calls that follow from each other's answers take a caller who has several.
 */
function configuration(caller, described) {
  const lets = (way) => (caller === "nobody" ? Object.keys(way).length === 0 : caller in way || (caller === "session" && "csrf" in way));
  const doors = described.filter(({ security }) => !security.some(lets)).map(({ operationId }) => operationId);
  const isNobody = caller === "nobody";
  const atDoors = {
    "include-operation-id": doors,
    generation: { "max-examples": isNobody ? NOBODY_AT_A_DOOR : AT_ANOTHERS_DOOR },
    phases: { coverage: { enabled: isNobody } },
  };
  return {
    seed: 7,
    // The stream of events has no end, and says something at once.
    "max-stream-events": 1,
    "request-timeout": 30,
    generation: { "max-examples": INSIDE },
    phases: { stateful: { enabled: described.length - doors.length > 1 } },
    operations: doors.length > 0 ? [atDoors] : [],
  };
}

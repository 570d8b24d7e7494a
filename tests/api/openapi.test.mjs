// The OpenAPI file against the running server: schemathesis calls everything that it describes, with good and bad input.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { CLIENT, call, refresh, signUp, startTogether } from "./program.mjs";

const run = promisify(execFile);
const VERSION = "4.32.5";
const VENV = fileURLToPath(new URL(`../../target/schemathesis-${VERSION}`, import.meta.url));

test("f1 the server does what its OpenAPI file says, whatever it is asked", { timeout: 600_000 }, async (t) => {
  await install();
  const { processes } = await startTogether(t, 1);
  const [keyward] = processes;
  const { answer: file } = await call(keyward, "openapi.json");
  // All but the file itself, which schemathesis only reads.
  const described = Object.entries(file.paths).flatMap(([path, calls]) => (path === "/openapi.json" ? [] : Object.keys(calls)));
  assert.ok(described.length >= 9, JSON.stringify(described));
  const { answer: tokens } = await signUp(keyward, "ada@example.com");
  const calls = [
    // Nobody in particular, an application, the bearer of an access token.
    [],
    ["--header", `Authorization: Basic ${Buffer.from(`${CLIENT.id}:${CLIENT.secret}`).toString("base64")}`],
    ["--header", `Authorization: Bearer ${tokens.accessToken}`],
  ];
  for (const as of calls) {
    const { code, output } = await schemathesis(keyward, as);
    assert.equal(code, 0, output);
    assert.ok(output.includes(`Tested: ${described.length}\n`), `every call was tested:\n${output}`);
  }
  const { status } = await call(keyward, "jwks");
  assert.equal(status, 200, "alive");
  assert.equal((await refresh(keyward, tokens.refreshToken)).status, 200, "and nobody's tokens were touched");
  assert.ok(!/panicked| 500 /.test(keyward.log), keyward.log);
});

async function schemathesis(keyward, as) {
  const args = [
    "run",
    `${keyward.url}/api/auth/-/v1/openapi.json`,
    "--url",
    `${keyward.url}/api/auth/-/v1`,
    "--checks",
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,negative_data_rejection,unsupported_method",
    "--max-examples",
    "40",
    "--seed",
    "7",
    "--no-color",
    "--generation-database",
    "none",
    ...as,
  ];
  try {
    const { stdout, stderr } = await run(join(VENV, "bin/schemathesis"), args, { maxBuffer: 64 << 20, cwd: VENV });
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    return { code: error.code ?? 1, output: `${error.stdout}${error.stderr}${error.message}` };
  }
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

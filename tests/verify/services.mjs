// The services of examples/verify, and of the Rust crate, as running programs.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import http from "node:http";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { freePort, startChild } from "../support/child.mjs";

const target = fileURLToPath(new URL("../../target", import.meta.url));
const built = process.env.KEYWARD_BIN ? dirname(process.env.KEYWARD_BIN) : join(target, "debug");
const example = (path) => fileURLToPath(new URL(`../../examples/verify/${path}`, import.meta.url));

/**
 * By name: `run(issuer, audience, port)` gives `[command, arguments, environment]`. `algorithms` are those that
 * it has, where it has not all; `malformed` is the status for a header that is not spelled as it must be, where it is not 401;
 * `unseen` is what the language's server mends before the program sees it.
 */
export const SERVICES = {
  rust: { run: (...words) => [rust(), words], malformed: 400 },
  node: { run: (...words) => ["node", [example("node/verify.mjs"), ...words]], file: "node/verify.mjs" },
  python: { run: (...words) => ["/usr/bin/python3", [example("python/verify.py"), ...words]], file: "python/verify.py" },
  go: { run: async (...words) => [await goProgram(), words], file: "go/verify.go" },
  ruby: { run: (...words) => ["ruby", [example("ruby/verify.rb"), ...words]], file: "ruby/verify.rb", algorithms: ["ES256", "RS256"] },
  java: { run: (...words) => ["java", ["-cp", "/usr/share/java/gson.jar", example("java/Verify.java"), ...words]], unseen: ["after a tab"] },
  php: {
    run: (issuer, audience, port) => [
      "php",
      ["-S", `127.0.0.1:${port}`, example("php/verify.php")],
      { ISSUER: issuer, AUDIENCE: audience },
    ],
  },
};

/** Starts a service that trusts `issuer`; gives `ask(values)` and `stop()`. */
export async function startService(name, issuer, audience) {
  const port = await freePort();
  const [command, args, env] = await SERVICES[name].run(issuer, audience, String(port));
  const url = `http://127.0.0.1:${port}/`;
  const child = await startChild({
    command,
    args,
    env: { ...process.env, ...env },
    readyUrl: url,
    readyStatus: 401,
    readyWithinMs: 60_000, // Java compiles it first
  });
  return {
    get log() {
      return child.log;
    },
    stop: () => child.stop(),
    ask: (...authorization) => ask(url, authorization),
    url,
  };
}

/** A request with these `Authorization` headers: `{status, body, challenge}`. */
export function ask(url, authorization) {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { agent: false, headers: authorization.length > 0 ? { authorization } : {} }, async (response) => {
      let body = "";
      for await (const chunk of response.setEncoding("utf8")) body += chunk;
      resolve({ status: response.statusCode, body, challenge: response.headers["www-authenticate"] });
    });
    request.on("error", reject);
  });
}

function rust() {
  const program = join(built, "examples/verify");
  if (!existsSync(program)) throw new Error(`no ${program}: build it (cargo build -p keyward-verify --example verify)`);
  return program;
}

/** Built over the packages of Debian, which lie where a GOPATH has them. */
async function goProgram() {
  const folder = join(target, "go");
  await mkdir(folder, { recursive: true });
  const program = join(folder, "verify");
  const env = { ...process.env, GO111MODULE: "off", GOPATH: "/usr/share/gocode", GOCACHE: join(folder, "cache") };
  await promisify(execFile)("go", ["build", "-o", program, "."], { cwd: example("go"), env });
  return program;
}

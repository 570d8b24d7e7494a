// The program under test, called as the documents call it.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

import { ROOT } from "./book.mjs";

/** The binary of KEYWARD_BIN, or the debug build of this checkout. */
export const KEYWARD = process.env.KEYWARD_BIN ?? join(ROOT, "target/debug/keyward");

if (!existsSync(KEYWARD)) {
  throw new Error(`no Keyward at ${KEYWARD}: build it (cargo build -p keyward-cli) or set KEYWARD_BIN`);
}

const OF_SERVERS = /^(NEXTAUTH|AUTH|KEYWARD|VERCEL|EMAIL)_|^(PORT|NODE_ENV|NO_COLOR|TERM)$/;

/** This environment without what NextAuth and Keyward read, and with `more`. */
export function environment(more = {}) {
  const kept = Object.entries(process.env).filter(([name]) => !OF_SERVERS.test(name));
  return { ...Object.fromEntries(kept), ...more };
}

/** Runs a program to its end: `{code, output}`, where the output is both streams as they came. */
export function run(command, args, { cwd, env = environment(), timeoutMs = 60_000 } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], timeout: timeoutMs });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => (output += text));
    }
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code: code ?? signal, output }));
  });
}

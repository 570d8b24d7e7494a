// Runs `keyward import users` in a folder of its own, and looks into the database.
import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { startKeyward } from "../support/keyward.mjs";

const KEYWARD = process.env.KEYWARD_BIN ?? fileURLToPath(new URL("../../target/debug/keyward", import.meta.url));
const OF_SERVERS = /^(NEXTAUTH|AUTH|KEYWARD|VERCEL|EMAIL)_|^(PORT|NODE_ENV)$/;

/** A folder with a database that is made by the first import; removed after the test. */
export async function importing(t) {
  const folder = await mkdtemp(join(tmpdir(), "keyward-import-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const database = join(folder, "keyward.db");
  const at = (name) => join(folder, name);
  const call = (name, args) => [KEYWARD, "import", "users", at(name), "--data", folder, ...args];
  const started = (name, args, [command, ...rest] = call(name, args)) => {
    const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !OF_SERVERS.test(key)));
    return spawn(command, rest, { env });
  };
  return {
    folder,
    at,
    call,
    started,
    there: (name) => existsSync(at(name)),
    read: (name) => readFile(at(name), "utf8"),
    write: (name, content) => writeFile(at(name), content),
    /** `{code, output, counts, deleted}` of an import: `counts` are made, there, refused. */
    run: async (name, ...args) => ended(started(name, args)),
    /** The same with a server's configuration. */
    runIn: async (config, name, ...args) =>
      ended(started(name, args, [KEYWARD, "import", "users", at(name), "--config", config, ...args])),
    /** Rows of the database, each a list of texts. */
    query: (sql) => {
      const text = execFileSync("sqlite3", ["-separator", "\t", database, sql], { encoding: "utf8" });
      return text.split("\n").filter(Boolean).map((line) => line.split("\t"));
    },
    /** A server on the database. */
    serve: (config = {}) => startKeyward({ config: { database: { url: `sqlite://${database}` }, ...config } }),
  };
}

/** Waits for an import to end. */
export async function ended(child) {
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  const code = await new Promise((resolve) => child.once("close", (code, signal) => resolve(code ?? signal)));
  const count = (what) => Number(output.match(new RegExp(`^ +(\\d+)  ${what}$`, "m"))?.[1]);
  const counts = [count("made"), count("there already"), count("refused")];
  return { code, output, counts, deleted: count("deleted here, left out") };
}

/** Objects as JSON Lines. */
export const lines = (records) => records.map((record) => `${JSON.stringify(record)}\n`).join("");

// Another program that holds the write lock of a database, as a backup or a person with a shell may.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";

const PROGRAM = "sqlite3";
const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

/** Locks the database at `path` for everybody else's writes. Gives `release()`. */
export async function lockDatabase(path) {
  const child = spawn(PROGRAM, ["-bail", path], { stdio: ["pipe", "pipe", "inherit"] });
  running.add(child);
  const ended = once(child, "exit").finally(() => running.delete(child));
  child.stdin.write("BEGIN EXCLUSIVE;\nSELECT 'locked';\n");
  const [said] = await Promise.race([once(child.stdout, "data"), ended]);
  if (String(said).trim() !== "locked") throw new Error(`${PROGRAM} could not lock ${path}: ${said}`);
  return {
    async release() {
      child.stdin.end("ROLLBACK;\n");
      await ended;
    },
  };
}

/** What a query finds, a line for each row. */
export async function query(path, sql) {
  const { stdout } = await promisify(execFile)(PROGRAM, ["-readonly", path, sql], { maxBuffer: 64 * 1024 * 1024 });
  return stdout.trim().split("\n");
}

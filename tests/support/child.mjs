// Child processes of the tests: started on a free loopback port, awaited, always ended.
import { spawn } from "node:child_process";
import { createServer } from "node:net";

const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

/**
 * A TCP port of 127.0.0.1 that was free a moment ago. It lies below the range from which systems take the ports of
 * outgoing connections: one of those could occupy it before the server does.
 */
export async function freePort() {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 17_000);
    if (await isFree(port)) return port;
  }
}

function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/**
 * Starts a program and waits until `readyUrl` answers `readyStatus`.
 * `log` is everything it has written so far; a program that ends or stays silent fails with that text.
 */
export async function startChild({ command, args, env, readyUrl, readyStatus = 200, readyWithinMs = 15_000 }) {
  const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  let log = "";
  const ended = new Promise((resolve) => {
    child.once("error", (error) => resolve(`could not be started: ${error.message}`));
    child.once("exit", (code, signal) => resolve(`ended with ${signal ?? `code ${code}`}`));
  }).finally(() => running.delete(child));
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (text) => (log += text));
  }

  const outcome = await Promise.race([ready(readyUrl, readyStatus, readyWithinMs), ended]);
  if (outcome !== "ready") {
    child.kill("SIGKILL");
    throw new Error(`${command} ${args.join(" ")}: ${outcome}\n${log}`);
  }

  return {
    pid: child.pid,
    get log() {
      return log;
    },
    async stop() {
      child.kill("SIGTERM");
      const killer = setTimeout(() => child.kill("SIGKILL"), 5_000);
      await ended;
      clearTimeout(killer);
    },
  };
}

async function ready(url, status, withinMs) {
  const deadline = Date.now() + withinMs;
  while (Date.now() < deadline) {
    try {
      if ((await fetch(url)).status === status) return "ready";
    } catch {
      // Not listening yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return `gave no ${status} at ${url} within ${withinMs} ms`;
}

// The receivers that the manual shows, as running programs.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { freePort } from "../support/child.mjs";

export const HOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

const built = process.env.KEYWARD_BIN ? dirname(process.env.KEYWARD_BIN) : fileURLToPath(new URL("../../target/debug", import.meta.url));
const path = (file) => fileURLToPath(new URL(`../../${file}`, import.meta.url));

/** By language: the program and its arguments before the port. */
export const RECEIVERS = {
  "Node.js": ["node", path("examples/hooks/receiver.mjs")],
  Python: ["python3", path("examples/hooks/receiver.py")],
  Rust: [join(built, "examples/hook_receiver")],
};

/** Starts a receiver; gives its `url` and `stop`. */
export async function startReceiver([command, ...args]) {
  if (command.startsWith("/") && !existsSync(command)) {
    throw new Error(`no ${command}: build it (cargo build -p keyward --example hook_receiver)`);
  }
  const port = await freePort();
  const child = spawn(command, [...args, String(port)], {
    env: { ...process.env, HOOK_SECRET },
    stdio: ["ignore", "inherit", "inherit"],
  });
  process.once("exit", () => child.kill("SIGKILL"));
  const ended = once(child, "exit");
  const url = `http://127.0.0.1:${port}/`;
  await Promise.race([answering(url), ended.then(([code]) => Promise.reject(new Error(`${command} ended with ${code}`)))]);
  return {
    url,
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

/**
 * Sends pieces of a request as they are, until there is an answer; gives its status, 0 where the connection ended without
 * one. With `hangUp` it goes away after the last piece, by a reset (`at once`) or by closing its side (`politely`).
 */
export function sendBytes(url, pieces, { hangUp } = {}) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    let answer = "";
    const done = () => {
      clearTimeout(patience);
      socket.destroy();
      resolve(Number(/^HTTP\/1\.\d (\d{3})/.exec(answer)?.[1] ?? 0));
    };
    const patience = setTimeout(() => {
      socket.destroy();
      reject(new Error(`${url} neither answered nor hung up; it said: ${answer}`));
    }, 10_000);
    socket.setEncoding("latin1").on("data", (text) => {
      answer += text;
      if (answer.includes("\r\n\r\n")) done();
    });
    socket.on("error", done).on("end", done);
    const left = [...pieces];
    const write = () => {
      if (socket.destroyed) return;
      if (left.length > 0) return socket.write(left.shift(), () => setTimeout(write, 5));
      if (hangUp === "politely") socket.end();
      if (hangUp === "at once") socket.once("close", done).resetAndDestroy();
    };
    socket.once("connect", write);
  });
}

async function answering(url) {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; ) {
    const answers = await fetch(url, { method: "POST", body: "{}" }).then(() => true, () => false);
    if (answers) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${url} does not answer`);
}

/** Waits until something holds. */
export async function until(what, holds, withinMs = 10_000) {
  for (const deadline = Date.now() + withinMs; Date.now() < deadline; ) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`not within ${withinMs} ms: ${what}`);
}

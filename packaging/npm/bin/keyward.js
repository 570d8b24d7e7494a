#!/usr/bin/env node
// Starts the binary beside this file and is otherwise not there: same terminal, same signals, same exit status.
"use strict";

const { spawn } = require("node:child_process");
const path = require("node:path");
const { os, cpu } = require("../package.json");

function fail(message) {
  console.error(`keyward: ${message}`);
  process.exit(1);
}

// npm checks this when it installs, but not where node_modules was copied from another machine.
if (!os.includes(process.platform) || !cpu.includes(process.arch)) {
  fail(
    `this package carries the program for ${os} ${cpu}, and this is ${process.platform} ${process.arch}.\n` +
      "Build it from source instead: https://github.com/keyward/keyward",
  );
}

const child = spawn(path.join(__dirname, "keyward"), process.argv.slice(2), { stdio: "inherit" });

child.on("error", (error) => {
  fail(
    error.code === "ENOENT"
      ? "the program is missing, or the system has no glibc (Alpine Linux has none): install the package again, " +
          "or build it from source: https://github.com/keyward/keyward"
      : `the program can't be started: ${error.message}`,
  );
});

// A terminal sends SIGINT to both, anyone else to this process alone. The program decides when to end.
process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
for (const signal of ["SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR2"]) {
  process.on(signal, () => child.kill(signal));
}

child.on("exit", (code, signal) => {
  if (signal === null) {
    process.exit(code);
  }
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
});

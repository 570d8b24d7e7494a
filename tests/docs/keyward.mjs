// Stands in for `keyward` in the documents' commands: a server listens on a free port, is stopped when it is ready,
// and speaks of the port that the documents have. Everything else is the program itself.
import { spawnSync } from "node:child_process";

import { freePort, startChild } from "../support/child.mjs";
import { KEYWARD } from "./binary.mjs";

const args = process.argv.slice(2);
const first = args.find((argument) => !argument.startsWith("-"));
const serves = (args[0] === "serve" || first === undefined) && !args.some((a) => ["--help", "--version", "-h", "-V"].includes(a));

if (serves) {
  const port = await freePort();
  const kept = args.filter((argument, index) => argument !== "--listen" && args[index - 1] !== "--listen");
  const server = await startChild({
    command: KEYWARD,
    args: [...kept, "--listen", `127.0.0.1:${port}`],
    env: process.env,
    readyUrl: `http://127.0.0.1:${port}/readyz`,
  });
  await server.stop();
  process.stdout.write(server.log.replaceAll(`:${port}`, ":4000"));
} else {
  const { status } = spawnSync(KEYWARD, args, { stdio: "inherit" });
  process.exitCode = status ?? 1;
}

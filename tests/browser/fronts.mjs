// What a proxy rule of the README stands in: nginx, Vite's development server, Next.js. Each serves an application on
// one port of this machine and is started anew for each server that it is to lead to.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createServer } from "vite";

import { freePort, startChild } from "../support/child.mjs";
import { browserDefinitions, clientApps } from "../support/client-app.mjs";
import { startNginx } from "../support/nginx.mjs";
import { forKeywardAt, nginxRule, viteRule } from "../support/proxy-rules.mjs";

const TESTS = fileURLToPath(new URL("..", import.meta.url));
const NEXT_APP = join(TESTS, "clients/next-rewrites");

/** nginx with the rule of the README. */
export function nginxFront({ tls = false } = {}) {
  return ({ app }) =>
    restarting(async (url, port) => startNginx({ app, port, tls, rule: forKeywardAt(url, nginxRule) }));
}

/** Vite's development server with the rule of the README. */
export function viteFront() {
  return ({ dialect }) => restarting((url, port) => startVite({ ...clientApps[dialect], url, port }));
}

/** Next.js in production with the rule of the README. It shows an application of its own, with next-auth 4. */
export function nextFront() {
  return () => restarting(startNext);
}

/** A front that `start(url, port)` starts anew with each `forwardTo(url)`. */
async function restarting(start) {
  const port = await freePort();
  let running;
  const stop = async () => {
    await running?.stop();
    running = undefined;
  };
  return {
    port,
    stop,
    async forwardTo(url) {
      await stop();
      running = await start(url, port);
    },
  };
}

async function startVite({ folder, client, url, port }) {
  const scratch = await mkdtemp(join(tmpdir(), "keyward-vite-"));
  const configFile = join(scratch, "vite.config.mjs");
  await writeFile(configFile, forKeywardAt(url, viteRule));
  const server = await createServer({
    configFile,
    root: folder,
    cacheDir: join(scratch, "cache"),
    clearScreen: false,
    define: browserDefinitions,
    esbuild: { jsx: "automatic" },
    logLevel: "warn",
    optimizeDeps: { include: ["react", "react-dom/client", "react/jsx-dev-runtime"] },
    resolve: { alias: { "next-auth": client } },
    server: { host: "127.0.0.1", port, strictPort: true, hmr: false, watch: null, fs: { allow: [TESTS] } },
  });
  const stop = () => server.close().finally(() => rm(scratch, { recursive: true, force: true }));
  try {
    await server.listen();
    return { stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

// Rewrites are fixed when the application is built.
async function startNext(url, port) {
  const next = join(NEXT_APP, "node_modules/next/dist/bin/next");
  if (!existsSync(next)) throw new Error(`Next.js is not installed: run "npm ci" in ${NEXT_APP}`);
  const env = { PATH: process.env.PATH, KEYWARD_URL: url, NEXT_TELEMETRY_DISABLED: "1" };
  await promisify(execFile)(process.execPath, [next, "build", NEXT_APP], { env });
  return startChild({
    command: process.execPath,
    args: [next, "start", NEXT_APP, "--port", String(port), "--hostname", "127.0.0.1"],
    env,
    readyUrl: `http://127.0.0.1:${port}/`,
  });
}

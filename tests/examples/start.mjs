// Starts an example as its README says: Keyward with the example's configuration, and the application in front of it.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { KEYWARD, environment } from "../docs/binary.mjs";
import { freePort, startChild } from "../support/child.mjs";
import { SECRET } from "../support/keyward.mjs";
import { openedThings } from "../support/opened.mjs";

const EXAMPLES = fileURLToPath(new URL("../../examples/", import.meta.url));
/** Where the example's files say that the application is. */
const WRITTEN = "http://localhost:3000";

/** How the application of each example is started: `(folder, port, env) => {stop}`. */
export const APPLICATIONS = {
  "nextjs-pages-v3": startNext,
  "nextjs-pages-v4": startNext,
  "nextjs-app-v5": startNext,
  "vite-react": startVite,
  express: (folder, port, env) => startNode(folder, "server.js", port, env, "/"),
};

/** Starts the example `name`; gives `{url, keyward, close}`. */
export async function startExample(name) {
  const folder = join(EXAMPLES, name);
  if (!existsSync(join(folder, "node_modules"))) throw new Error(`run "npm ci" in ${folder}`);
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const opened = openedThings();
  try {
    const keyward = await opened.add(startKeyward(folder, url), (keyward) => keyward.stop());
    const env = environment({
      KEYWARD_URL: keyward.url,
      NEXTAUTH_URL: url,
      NEXTAUTH_URL_INTERNAL: `${keyward.url}/api/auth`,
      NEXTAUTH_SECRET: SECRET,
      NEXT_TELEMETRY_DISABLED: "1",
    });
    await opened.add(APPLICATIONS[name](folder, port, env), (application) => application.stop());
    return { url, keyward, close: opened.close };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** Keyward with the example's configuration, at another address than the one that is written there. */
async function startKeyward(folder, url) {
  const data = await mkdtemp(join(tmpdir(), "keyward-example-"));
  const remove = () => rm(data, { recursive: true, force: true });
  try {
    const config = await readFile(join(folder, "keyward.toml"), "utf8");
    if (!config.includes(`"${WRITTEN}"`)) throw new Error(`${folder}/keyward.toml does not name ${WRITTEN}`);
    const file = join(data, "keyward.toml");
    await writeFile(file, config.replace(WRITTEN, url));
    const listen = `127.0.0.1:${await freePort()}`;
    const child = await startChild({
      command: KEYWARD,
      args: ["serve", "--dev", "--config", file, "--data", data, "--listen", listen],
      env: environment({ NEXTAUTH_SECRET: SECRET }),
      readyUrl: `http://${listen}/readyz`,
    });
    return { url: `http://${listen}`, stop: () => child.stop().finally(remove) };
  } catch (error) {
    await remove();
    throw error;
  }
}

// Rewrites are fixed when the application is built.
async function startNext(folder, port, env) {
  const next = join(folder, "node_modules/next/dist/bin/next");
  await promisify(execFile)(process.execPath, [next, "build", folder], { env });
  return startChild({
    command: process.execPath,
    args: [next, "start", folder, "--port", String(port), "--hostname", "127.0.0.1"],
    env,
    readyUrl: `http://127.0.0.1:${port}/`,
  });
}

async function startVite(folder, port, env) {
  const opened = openedThings();
  try {
    const api = await freePort();
    await opened.add(startNode(folder, "api.js", api, env, "/api/health"), (child) => child.stop());
    const vite = startChild({
      command: process.execPath,
      args: [join(folder, "node_modules/vite/bin/vite.js"), folder, "--host", "127.0.0.1", "--port", String(port)],
      env: { ...env, API_URL: `http://127.0.0.1:${api}` },
      readyUrl: `http://127.0.0.1:${port}/`,
    });
    await opened.add(vite, (child) => child.stop());
    return { stop: opened.close };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

function startNode(folder, script, port, env, ready) {
  return startChild({
    command: process.execPath,
    args: [join(folder, script)],
    env: { ...env, PORT: String(port) },
    readyUrl: `http://127.0.0.1:${port}${ready}`,
  });
}

// Starts a real NextAuth server whose providers are fakes.
import { fileURLToPath } from "node:url";

import { freePort, startChild } from "../../support/child.mjs";
import { SECRET } from "../../support/keyward.mjs";

const SERVER = fileURLToPath(new URL("server.mjs", import.meta.url));

/**
 * `providers` as `describe` in `../providers.mjs` gives them; `origin` is the public address.
 * Returns `url`, `log` and `stop()`.
 */
export async function startOriginal({ dialect, origin, providers }) {
  const port = await freePort();
  const orders = { dialect, port, origin, basePath: "/api/auth", secret: SECRET, providers };
  const url = `http://127.0.0.1:${port}`;
  const child = await startChild({
    command: process.execPath,
    args: [SERVER],
    env: { PATH: process.env.PATH, NODE_ENV: "production", ORIGINAL: JSON.stringify(orders) },
    readyUrl: `${url}/readyz`,
  });
  return {
    url,
    get log() {
      return child.log;
    },
    stop: child.stop,
  };
}

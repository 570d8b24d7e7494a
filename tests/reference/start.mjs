// Starts a real NextAuth server of one generation.
import { fileURLToPath } from "node:url";

import { freePort, startChild } from "../support/child.mjs";
import { SECRET } from "../support/keyward.mjs";

const SERVER = fileURLToPath(new URL("server.mjs", import.meta.url));

/**
 * `dialect` as in Keyward's configuration, `setup` a name in `SETUPS`, `secret` a list where the generation knows rotation.
 * Returns `url`, `log` and `stop()`.
 */
export async function startReference({ dialect, setup, backendUrl, secret = SECRET }) {
  const port = await freePort();
  const orders = { dialect, setup, secret, backendUrl, port };
  const url = `http://127.0.0.1:${port}`;
  const child = await startChild({
    command: process.execPath,
    args: [SERVER],
    // An environment of its own: a NEXTAUTH_URL or AUTH_SECRET of the machine must not reach it.
    env: { PATH: process.env.PATH, NODE_ENV: "production", REFERENCE: JSON.stringify(orders) },
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

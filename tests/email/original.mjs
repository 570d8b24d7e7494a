// Starts an original server with the e-mail provider: `original-server.mjs`.
import { fileURLToPath } from "node:url";

import { freePort, startChild } from "../support/child.mjs";
import { SECRET } from "../support/keyward.mjs";

const SERVER = fileURLToPath(new URL("original-server.mjs", import.meta.url));

/** `secret` is a text, or a list with generation 5. Gives `url`, `stored()` (what its adapter was told to keep) and `stop()`. */
export async function startOriginal({ dialect, origin, secret = SECRET, mailPort }) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const orders = { dialect, port, origin, secret, mailPort };
  const env = { PATH: process.env.PATH, NODE_ENV: "production", ORIGINAL: JSON.stringify(orders) };
  const child = await startChild({ command: process.execPath, args: [SERVER], env, readyUrl: `${url}/readyz` });
  const stored = async () => (await fetch(`${url}/stored`)).json();
  return { url, stored, stop: child.stop };
}

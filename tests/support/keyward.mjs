// Starts the Keyward under test: the binary of KEYWARD_BIN, or the debug build of this checkout.
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { freePort, startChild } from "./child.mjs";
import { toToml } from "./toml.mjs";

/** The secret that Keyward and the reference servers share, so that each can open the other's tokens. */
export const SECRET = "keyward-test-secret-0123456789abcdef";

const DEBUG_BUILD = fileURLToPath(new URL("../../target/debug/keyward", import.meta.url));
const OF_OTHER_SERVERS = /^(NEXTAUTH|AUTH|KEYWARD|VERCEL|EMAIL)_|^(PORT|NODE_ENV)$/;

/**
 * Starts Keyward in a temporary folder of its own and waits for `/readyz`.
 *
 * `config` is laid over the defaults below, table by table (arrays replace); it may be a function of the port.
 * `args` follow `serve --config FILE`. `env` is added to the environment, from which the variables of NextAuth and Keyward are removed.
 * Returns `url` (where it listens), `publicUrl`, `folder`, `log` (text so far) and `stop()`.
 */
export async function startKeyward({ config = {}, env = {}, args = [] } = {}) {
  const binary = process.env.KEYWARD_BIN ?? DEBUG_BUILD;
  if (!existsSync(binary)) {
    throw new Error(`no Keyward at ${binary}: build it (cargo build -p keyward-cli) or set KEYWARD_BIN`);
  }
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), "keyward-test-"));
  const whole = merge(defaults(port, folder), typeof config === "function" ? config(port) : config);
  const file = join(folder, "keyward.toml");
  await writeFile(file, toToml(whole), { mode: 0o600 });

  const url = `http://127.0.0.1:${port}`;
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const child = await startChild({
      command: binary,
      args: ["serve", "--config", file, ...args],
      env: { ...cleanEnvironment(), ...env },
      readyUrl: `${url}/readyz`,
    });
    return {
      url,
      publicUrl: whole.public_url,
      folder,
      pid: child.pid,
      get log() {
        return child.log;
      },
      stop: () => child.stop().finally(remove),
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

function defaults(port, folder) {
  return {
    public_url: `http://localhost:${port}`,
    listen: `127.0.0.1:${port}`,
    secret: SECRET,
    database: { url: `sqlite://${join(folder, "keyward.db")}` },
    limits: {
      // Tests err from one address, and in a hurry.
      wrong_passwords: 0,
      sign_in_per_address: "100000/minute",
      sign_in_per_account: "100000/minute",
      sign_up_per_address: "100000/minute",
    },
  };
}

function merge(base, over) {
  const isTable = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
  const merged = { ...base };
  for (const [key, value] of Object.entries(over)) {
    merged[key] = isTable(value) && isTable(base[key]) ? merge(base[key], value) : value;
  }
  return merged;
}

function cleanEnvironment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !OF_OTHER_SERVERS.test(name)));
}

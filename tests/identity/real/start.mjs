// Starts the real OpenID provider, and takes a person through its pages.
import { fileURLToPath } from "node:url";

import { freePort, startChild } from "../../support/child.mjs";

const SERVER = fileURLToPath(new URL("server.mjs", import.meta.url));
const ID = "real";

/**
 * For an application at `origin`. Gives what NextAuth (`nextAuth`) and Keyward (`keyward`) are told of it, its
 * `refusals`, and `stop()`.
 */
export async function startRealProvider({ origin }) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const client = {
    client_id: "keyward",
    client_secret: "a secret & of/more:than+32 characters %",
    redirect_uris: [`${origin}/api/auth/callback/${ID}`],
    post_logout_redirect_uris: [`${origin}/api/auth/-/signed-out`],
  };
  const child = await startChild({
    command: process.execPath,
    args: [SERVER],
    env: { PATH: process.env.PATH, REAL: JSON.stringify({ port, clients: [client] }) },
    readyUrl: `${url}/.well-known/openid-configuration`,
  });
  const { client_id, client_secret } = client;
  return {
    url,
    nextAuth: {
      kind: "openid",
      id: ID,
      name: "Real",
      url,
      method: "client_secret_basic",
      profileFrom: "userinfo",
      credentials: { clientId: client_id, clientSecret: client_secret },
    },
    // By default it puts no claims of the profile into the ID token.
    keyward: { type: "oidc", id: ID, name: "Real", issuer: url, client_id, client_secret, profile_from: "userinfo" },
    get refusals() {
      return child.log.split("\n").filter((line) => line.startsWith("refused: "));
    },
    stop: child.stop,
  };
}

/** Signs in on its pages as the person `key` and agrees, until the browser is back. */
export async function signInThere(page, key) {
  await page.locator("[name=login]").fill(key);
  await page.locator("[name=password]").fill("any");
  await page.getByRole("button", { name: "Sign-in" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
  await page.waitForURL(({ hostname }) => hostname !== "127.0.0.1");
}

/** Cancels on its page. */
export async function cancelThere(page) {
  await page.getByRole("link", { name: "Cancel" }).click();
  await page.waitForURL(({ hostname }) => hostname !== "127.0.0.1");
}

// The function that asks who is calling, as the chapter on clients gives it, against the program.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";

import { startBackend } from "../reference/backend.mjs";
import { keywardConfig } from "../reference/setups.mjs";
import { startKeyward } from "../support/keyward.mjs";
import { blocks, page } from "./book.mjs";

describe("sessionOf of the chapter on clients", async () => {
  const given = blocks(await page("docs/clients.md")).find(({ text }) => text.startsWith("// lib/session.js"));
  let folder, backend;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "keyward-docs-"));
    backend = await startBackend();
  });
  after(async () => {
    await backend?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  for (const dialect of ["next-auth-3", "next-auth-4", "auth-js-5"]) {
    for (const strategy of ["sealed", "stored"]) {
      test(`C4 knows who is calling, and nobody, with ${dialect} and ${strategy} sessions`, async () => {
        const config = keywardConfig({ dialect, setup: "defaults", backendUrl: backend.url });
        const keyward = await startKeyward({ config: { ...config, session: { strategy } } });
        try {
          const file = join(folder, `${dialect}-${strategy}.mjs`);
          await writeFile(file, given.text);
          process.env.KEYWARD_URL = keyward.url;
          const { sessionOf } = await import(pathToFileURL(file));
          const cookie = await signedIn(keyward.url);

          assert.equal((await sessionOf({ headers: { cookie } }))?.user.email, "ada@example.com");
          assert.equal((await sessionOf({ headers: new Headers({ cookie }) }))?.user.email, "ada@example.com");
          assert.equal(await sessionOf({ headers: {} }), null);
          assert.equal(await sessionOf({ headers: { cookie: cookie.slice(0, -9) } }), null);
        } finally {
          delete process.env.KEYWARD_URL;
          await keyward.stop();
        }
      });
    }
  }
});

/** The cookies of somebody who has signed in, the session's last. */
async function signedIn(url) {
  const cookiesOf = (answer) => answer.headers.getSetCookie().map((line) => line.split(";")[0]);
  const csrf = await fetch(`${url}/api/auth/csrf`);
  const { csrfToken } = await csrf.json();
  const answer = await fetch(`${url}/api/auth/callback/login`, {
    method: "POST",
    redirect: "manual",
    headers: { cookie: cookiesOf(csrf).join("; ") },
    body: new URLSearchParams({ csrfToken, email: "ada@example.com", password: "x" }),
  });
  const session = cookiesOf(answer).filter((cookie) => cookie.includes("session-token"));
  assert.equal(session.length, 1, `${answer.status}`);
  return [...cookiesOf(csrf), ...session].join("; ");
}

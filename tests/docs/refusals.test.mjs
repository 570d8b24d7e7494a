// The table of refusals in the chapter on back ends, row by row against the program.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { startBackend } from "../reference/backend.mjs";
import { keywardConfig } from "../reference/setups.mjs";
import { startKeyward } from "../support/keyward.mjs";
import { page } from "./book.mjs";

/** Who, in the test back end, is answered as a row of the table says, by how the row begins. */
const WHO = {
  "401": "wrong",
  "422, message": "refused",
  "422 without": "bare",
  "500, message": "trouble",
  "500 without": "broken",
  "not in time": "hang",
  "it was not asked": "limited",
};
const DIALECTS = ["next-auth-3", "next-auth-4", "auth-js-5"];

describe("the table of refusals", async () => {
  const { text } = await page("docs/credentials-backend.md");
  const [, section] = text.split("## What the caller is told");
  const rows = section.split("\n").filter((line) => line.startsWith("| ")).slice(1);
  const table = rows.map((row) => row.split("|").slice(1, -1).map((cell) => cell.trim()));
  let backend;
  before(async () => (backend = await startBackend()));
  after(() => backend?.stop());

  test("has a row for each of the answers", () => {
    assert.equal(table.length, Object.keys(WHO).length);
  });

  for (const [column, dialect] of DIALECTS.entries()) {
    test(`says what a client of ${dialect} is told`, async () => {
      const config = keywardConfig({ dialect, setup: "main", backendUrl: backend.url });
      const keyward = await startKeyward({ config: { ...config, limits: { sign_in_per_account: "2/minute" } } });
      try {
        for (const [row, ...cells] of table) {
          const who = Object.entries(WHO).find(([start]) => row.startsWith(start))?.[1];
          if (who === "limited") {
            await signIn(keyward.url, who);
            await signIn(keyward.url, who);
          }
          assert.equal(cell(await signIn(keyward.url, who)), cells[column], row);
        }
      } finally {
        await keyward.stop();
      }
    });
  }
});

/** What the clients read: `error` and `code` of the answer's address, and the status. */
async function signIn(url, who) {
  const csrf = await fetch(`${url}/api/auth/csrf`);
  const cookie = csrf.headers.getSetCookie().map((line) => line.split(";")[0]).join("; ");
  const { csrfToken } = await csrf.json();
  const answer = await fetch(`${url}/api/auth/callback/login`, {
    method: "POST",
    headers: { cookie, "x-auth-return-redirect": "1" },
    body: new URLSearchParams({ csrfToken, json: "true", email: `${who}@example.com`, password: "x" }),
  });
  const { searchParams } = new URL((await answer.json()).url);
  return { error: searchParams.get("error"), code: searchParams.get("code"), status: answer.status };
}

const cell = ({ error, code, status }) => [error, code].filter(Boolean).map((word) => `\`${word}\``).concat(status).join(", ");

// Another program keeps the database locked: whoever comes back from a provider, follows a link or removes an account
// is told to try again, nobody is signed in, nothing is half-made, and the log has one line for each.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { emailProvider, linkIn, NO_LIMITS } from "../email/setup.mjs";
import { forKeyward, startFakes } from "../identity/providers.mjs";
import { chooseAt, Visitor } from "../identity/visitor.mjs";
import { startExim } from "../support/exim.mjs";
import { startKeyward } from "../support/keyward.mjs";
import { lockDatabase, query } from "../support/lock.mjs";
import { openedThings } from "../support/opened.mjs";

const ORIGIN = "http://localhost:4310";
const LIST = "/api/auth/-/v1/accounts";
const EMAIL = "linked@example.com";
const TABLES = ["user", "account", "session", "ticket", "session_change"];

for (const dialect of ["next-auth-3", "next-auth-4", "auth-js-5"]) {
  describe(`a database that another program keeps locked, ${dialect}`, () => {
    const opened = openedThings();
    let keyward;
    let exim;
    before(async () => {
      exim = await opened.add(startExim(), (exim) => exim.stop());
      const fakes = await startFakes(opened, { ids: ["github", "google"], origin: ORIGIN });
      const providers = [...forKeyward(fakes), emailProvider(exim)];
      const config = { public_url: ORIGIN, dialect, providers, limits: NO_LIMITS };
      keyward = await opened.add(startKeyward({ config, args: ["--log-format", "json"] }), (keyward) => keyward.stop());
    });
    after(() => opened.close());

    test("nobody is signed in and nothing is half-made; afterwards all of it works", async () => {
      const database = join(keyward.folder, "keyward.db");
      const rows = () => query(database, TABLES.map((table) => `SELECT '${table}', count(*) FROM ${table};`).join(""));
      const visitor = () => new Visitor({ origin: ORIGIN, url: keyward.url });

      const owner = visitor();
      for (const provider of ["github", "google"]) await owner.signIn(provider, "grace");
      const [account] = (await (await owner.send(LIST)).json()).accounts;
      const newcomer = visitor();
      const answer = await chooseAt(await newcomer.begin("github"), "ada");
      const reader = visitor();
      await post(reader, "/api/auth/signin/email", { email: EMAIL });
      const link = linkIn(await exim.mail(EMAIL));
      const before = await rows();

      const lock = await lockDatabase(database);
      const [home, followed, unlinked] = await Promise.all([
        newcomer.send(answer.url),
        reader.send(link),
        unlink(owner, account),
      ]).finally(() => lock.release());

      for (const response of [home, followed, unlinked]) {
        assert.equal(response.status, 503);
        assert.match(response.headers.get("retry-after"), /^[1-9]\d*$/);
      }
      for (const response of [home, followed]) {
        const page = await response.text();
        assert.match(page, /role="alert"|class="error/);
        assert.match(page, /try again/i);
        assert.match(page, /href="[^"]*\/api\/auth\/signin"/, "and where to begin again");
      }
      assert.equal((await unlinked.json()).error, "store_unavailable");
      assert.equal(await newcomer.session(), null);
      assert.equal(await reader.session(), null);
      assert.ok(await owner.session(), "who was signed in stays it");
      assert.deepEqual(await rows(), before);
      for (const path of ["/api/auth/callback/github", "/api/auth/callback/email", `${LIST}/unlink`]) {
        const lines = linesWithCode(keyward.log, path);
        assert.deepEqual(lines.map(({ code }) => code), ["store_unavailable"], path);
        assert.match(lines[0].detail, /locked/, path);
      }

      await newcomer.signIn("github", "ada");
      assert.equal((await newcomer.session()).user.email, "ada@example.com");
      await reader.send(link);
      assert.equal((await reader.session()).user.email, EMAIL, "the link was not used up");
      assert.equal((await unlink(owner, account)).status, 200);
    });
  });
}

async function post(browser, path, fields) {
  const { csrfToken } = await (await browser.send("/api/auth/csrf")).json();
  return browser.send(path, { method: "POST", body: new URLSearchParams({ csrfToken, ...fields }) });
}

const unlink = (browser, { provider, providerAccountId }) =>
  post(browser, `${LIST}/unlink`, { provider, providerAccountId });

function linesWithCode(log, path) {
  const lines = log.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  return lines.filter((line) => line.path === path && line.code);
}

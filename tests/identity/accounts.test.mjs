// A person's own ways in, against the built program: what they come in by, taken away one by one, and never the last.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { startKeyward } from "../support/keyward.mjs";
import { openedThings } from "../support/opened.mjs";
import { forKeyward, startFakes } from "./providers.mjs";
import { Visitor } from "./visitor.mjs";

const ORIGIN = "http://localhost:4310";
const LIST = "/api/auth/-/v1/accounts";
const ROUNDS = 10;

for (const dialect of ["next-auth-3", "next-auth-4", "auth-js-5"]) {
  for (const strategy of ["sealed", "stored"]) {
    describe(`a person's accounts, ${dialect}, ${strategy} sessions`, () => {
      const opened = openedThings();
      let keyward;
      before(async () => {
        const fakes = await startFakes(opened, { ids: ["github", "google"], origin: ORIGIN });
        const config = { public_url: ORIGIN, dialect, session: { strategy }, providers: forKeyward(fakes) };
        keyward = await opened.add(startKeyward({ config }), (keyward) => keyward.stop());
      });
      after(() => opened.close());

      const visitor = () => new Visitor({ origin: ORIGIN, url: keyward.url });
      const signedIn = async (person, ...providers) => {
        const browser = visitor();
        for (const provider of providers) await browser.signIn(provider, person);
        return browser;
      };
      const list = async (browser) => {
        const answer = await browser.send(LIST);
        assert.equal(answer.status, 200);
        assert.match(answer.headers.get("cache-control"), /no-store/);
        return answer.json();
      };

      test("both are listed, one is unlinked with the sessions that it opened, the last one stays", async () => {
        const browser = await signedIn("ada", "github", "google");
        const other = await signedIn("ada", "github");
        const shown = await list(browser);
        const kinds = shown.accounts.map(({ provider, type, email }) => ({ provider, type, email }));
        assert.deepEqual(kinds, [
          { provider: "github", type: "oauth", email: "ada@example.com" },
          { provider: "google", type: "oidc", email: "ada@example.com" },
        ]);
        assert.equal(shown.password, false);
        assert.deepEqual(shown.email, { address: "ada@example.com", verified: true });
        for (const { linkedAt } of shown.accounts) assert.ok(Math.abs(Date.parse(linkedAt) - Date.now()) < 60_000);
        assert.ok(!/token/i.test(JSON.stringify(shown)));

        const [github, google] = shown.accounts;
        assert.deepEqual(await unlink(browser, github), { status: 200, answer: { unlinked: true } });
        assert.deepEqual((await list(browser)).accounts, [google]);
        assert.equal(await other.session(), null);
        assert.ok(await browser.session());

        const last = await unlink(browser, google, { asJson: true });
        assert.deepEqual([last.status, last.answer.error], [409, "last_way_in"]);
        assert.equal(new URL(last.answer.url).searchParams.get("error"), "last_way_in");
        assert.deepEqual((await list(browser)).accounts, [google]);

        await browser.signIn("github", "ada");
        assert.equal((await list(browser)).accounts.length, 2, "and can be added again");
      });

      test("of two tabs that unlink the last two at once, one is refused", async () => {
        const browser = await signedIn("grace", "github", "google");
        for (let round = 0; round < ROUNDS; round += 1) {
          const { accounts } = await list(browser);
          const answers = await Promise.all(accounts.map((account) => unlink(browser, account)));
          assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409]);
          const [left] = (await list(browser)).accounts;
          await browser.signIn(left.provider === "github" ? "google" : "github", "grace");
        }
      });

      test("lesson_50 another's account is answered like one that is nobody's", async () => {
        const theirs = (await list(await signedIn("katherine", "github"))).accounts[0];
        const browser = await signedIn("mary", "github", "google");
        const anothers = await unlink(browser, theirs);
        assert.deepEqual([anothers.status, anothers.answer.error], [404, "account_unknown"]);
        assert.deepEqual(await unlink(browser, { ...theirs, providerAccountId: "nobody" }), anothers);
        assert.equal((await list(await signedIn("katherine", "github"))).accounts.length, 1);
      });

      test("nobody is told or changes anything without a session and the form's token", async () => {
        const anonymous = await visitor().send(LIST);
        assert.deepEqual([anonymous.status, (await anonymous.json()).error], [401, "SessionRequired"]);
        const mine = { provider: "github", providerAccountId: "1" };
        const nobodys = await unlink(visitor(), mine);
        assert.deepEqual([nobodys.status, nobodys.answer.error], [401, "SessionRequired"]);

        const browser = await signedIn("joan", "github", "google");
        const [account] = (await list(browser)).accounts;
        for (const csrfToken of [undefined, "", "0".repeat(64)]) {
          const forged = await unlink(browser, account, { csrfToken, forged: true });
          assert.deepEqual([forged.status, forged.answer.error], [403, "MissingCSRF"]);
        }
        assert.equal((await list(browser)).accounts.length, 2);
      });
    });
  }
}

/** Asks to unlink an account of the list, by form or as JSON: status and answer. */
async function unlink(browser, { provider, providerAccountId }, { asJson = false, forged = false, csrfToken } = {}) {
  const token = forged ? csrfToken : (await (await browser.send("/api/auth/csrf")).json()).csrfToken;
  const fields = { provider, providerAccountId, ...(token !== undefined && { csrfToken: token }) };
  const answer = await browser.send(`${LIST}/unlink`, {
    method: "POST",
    headers: { "content-type": asJson ? "application/json" : "application/x-www-form-urlencoded" },
    body: asJson ? JSON.stringify(fields) : new URLSearchParams(fields),
  });
  return { status: answer.status, answer: await answer.json() };
}

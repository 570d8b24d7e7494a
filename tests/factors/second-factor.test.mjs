// The second factor of a sign-in: asked for on every way in, shown once, and readable as nothing before that.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { startKeyward } from "../support/keyward.mjs";
import { openedThings } from "../support/opened.mjs";
import { PASSWORD, hidden, protectedPerson, setUpApp, totp, visitor } from "./people.mjs";

const EMPTY = { "next-auth-3": "{}", "next-auth-4": "{}", "auth-js-5": "null" };

for (const dialect of Object.keys(EMPTY)) {
  describe(`second factors with ${dialect}`, () => {
    const opened = openedThings();
    let base;
    let keyward;
    let people = 0;
    const person = () => protectedPerson(base, `person-${++people}@example.com`);
    const half = async ({ email }) => {
      const browser = visitor(base);
      const first = await browser.post("/callback/credentials", { email, password: PASSWORD });
      return { browser, first };
    };

    before(async () => {
      const config = { dialect, accounts: { enabled: true } };
      keyward = await opened.add(startKeyward({ config }), (keyward) => keyward.stop());
      base = `${keyward.publicUrl}/api/auth`;
    });
    after(() => opened.close());

    test("lesson 53 63 a sign-in that lacks its second factor is no session, whatever is asked with it", async () => {
      const ada = await person();
      const { browser, first } = await half(ada);
      assert.equal(first.status, 302);
      assert.match(first.location, /\/-\/factor\?error=SecondFactorRequired/);
      assert.equal((await browser.session()).text, EMPTY[dialect]);
      assert.ok(browser.cookies.has("keyward.pending"));
      for (const name of ["next-auth.session-token", "authjs.session-token"]) {
        assert.ok(!browser.cookies.has(name));
        browser.cookies.set(name, browser.cookies.get("keyward.pending"));
      }
      assert.equal((await browser.session()).text, EMPTY[dialect], "its cookie is no session's either");
      assert.equal((await browser.page("/-/v1/accounts")).status, 401);
      const page = await browser.page("/-/account/totp");
      assert.match(page.location, /signin\?callbackUrl=/, "nobody is signed in");
    });

    test("lesson 64 a code opens the session once, and neither it nor the ticket opens another", async () => {
      const ada = await person();
      const { browser } = await half(ada);
      const kept = new Map(browser.cookies);
      const code = totp(ada.secret);
      const done = await browser.post("/-/factor", { code });
      assert.equal(done.status, 302);
      assert.doesNotMatch(done.location, /error/);
      assert.match((await browser.session()).text, new RegExp(ada.email));
      assert.ok(!browser.cookies.has("keyward.pending"));

      const again = visitor(base);
      for (const [name, value] of kept) again.cookies.set(name, value);
      const replayed = await again.post("/-/factor", { code: totp(ada.secret, 1) });
      assert.match(replayed.location, /second_factor_expired/);
      assert.equal((await again.session()).text, EMPTY[dialect]);

      const other = await half(ada);
      const replay = await other.browser.post("/-/factor", { code });
      assert.match(replay.location, /\/-\/factor\?error=wrong_code/, "the same code");
      const earlier = await other.browser.post("/-/factor", { code: totp(ada.secret, -1) });
      assert.match(earlier.location, /\/-\/factor\?error=wrong_code/, "an earlier one");
    });

    test("lesson 64 an empty, a doubled and a reordered step open nothing", async () => {
      const ada = await person();
      const { browser } = await half(ada);
      assert.match((await browser.post("/-/factor")).location, /error=missing_field/);
      assert.match((await browser.post("/-/factor", { code: " " })).location, /error=missing_field/);
      const code = totp(ada.secret);
      const doubled = await browser.post("/-/factor", [["code", "000000"], ["code", code]]);
      assert.match(doubled.location, /error=missing_field/);
      const reversed = await browser.post("/-/factor", [["code", code], ["code", code]]);
      assert.match(reversed.location, /error=missing_field/);
      const first = await visitor(base).post("/-/factor", { code });
      assert.match(first.location, /second_factor_expired/, "the second step without the first");
      const forged = await browser.send("/-/factor", { form: { code } });
      assert.match(forged.headers.get("location"), /error=MissingCSRF/);
      assert.equal((await browser.session()).text, EMPTY[dialect]);
      const done = await browser.post("/-/factor", { code });
      assert.doesNotMatch(done.location, /error/, "none of it used the code up");
    });

    test("lesson 64 five wrong codes end it", async () => {
      const ada = await person();
      const { browser } = await half(ada);
      for (let n = 0; n < 4; n++) {
        assert.match((await browser.post("/-/factor", { code: "000000" })).location, /wrong_code/);
      }
      assert.match((await browser.post("/-/factor", { code: "000000" })).location, /second_factor_expired/);
      const late = await browser.post("/-/factor", { code: totp(ada.secret) });
      assert.match(late.location, /second_factor_expired/);
      assert.equal((await browser.session()).text, EMPTY[dialect]);
    });

    test("a recovery code opens the session once, however it is written", async () => {
      const ada = await person();
      assert.equal(ada.codes.length, 10);
      const { browser } = await half(ada);
      const code = ada.codes[3].toUpperCase().replaceAll("-", " ");
      assert.doesNotMatch((await browser.post("/-/factor", { code })).location, /error/);
      assert.match((await browser.session()).text, new RegExp(ada.email));
      const other = await half(ada);
      assert.match((await other.browser.post("/-/factor", { code })).location, /wrong_code/);
      const page = await ada.browser.page("/-/account/totp");
      assert.match(page.text, /9 recovery codes left/);
    });

    test("lesson 21 of twenty posts with the same code at once one opens a session", async () => {
      const ada = await person();
      const browsers = await Promise.all(Array.from({ length: 20 }, () => half(ada)));
      const code = totp(ada.secret);
      await Promise.all(browsers.map(({ browser }) => browser.post("/-/factor", { code })));
      const sessions = await Promise.all(browsers.map(({ browser }) => browser.session()));
      assert.equal(sessions.filter(({ text }) => text.includes(ada.email)).length, 1);
    });

    test("who turns it off shows two factors first, and is asked for one from then on", async () => {
      const ada = await person();
      const page = await ada.browser.post("/-/account/totp/remove");
      assert.match(page.location, /\/-\/confirm\?callbackUrl=/, "the session has one factor");
      const confirmed = await ada.browser.post("/-/confirm", {
        code: totp(ada.secret),
        callbackUrl: `${base}/-/account/totp`,
      });
      assert.equal(confirmed.location, `${base}/-/account/totp`);
      const gone = await ada.browser.post("/-/account/totp/remove");
      assert.equal(gone.location, `${base}/-/account/totp`);
      const { browser, first } = await half(ada);
      assert.doesNotMatch(first.location, /factor|error/);
      assert.match((await browser.session()).text, new RegExp(ada.email));
    });

    test("new recovery codes replace the old ones", async () => {
      const ada = await person();
      await ada.browser.post("/-/confirm", { code: totp(ada.secret) });
      const made = await ada.browser.post("/-/account/totp/codes");
      const codes = [...made.text.matchAll(/<li><code>([^<]+)</g)].map(([, code]) => code);
      assert.equal(codes.length, 10);
      const { browser } = await half(ada);
      assert.match((await browser.post("/-/factor", { code: ada.codes[0] })).location, /wrong_code/);
      assert.doesNotMatch((await browser.post("/-/factor", { code: codes[0] })).location, /error/);
    });

    test("a secret is set up by who was shown it, in their session, with its code", async () => {
      const browser = visitor(base);
      await browser.post("/callback/signup", { email: `setting-up@${dialect}.example.com`, password: PASSWORD });
      const page = await browser.page("/-/account/totp");
      const setUp = hidden(page.text, "setUp");
      const wrong = await browser.post("/-/account/totp", { setUp, code: "000000" });
      assert.match(wrong.text, /That code isn’t right/);
      const secret = /class="secret">([^<]+)</.exec(page.text)[1];
      assert.equal(/class="secret">([^<]+)</.exec(wrong.text)[1], secret, "the same secret again");
      const other = visitor(base);
      await other.post("/callback/signup", { email: `other@${dialect}.example.com`, password: PASSWORD });
      const code = totp(secret.replaceAll(" ", ""));
      assert.match((await other.post("/-/account/totp", { setUp, code })).location, /second_factor_expired/);
      const cut = await browser.post("/-/account/totp", { setUp: setUp.slice(0, -1), code });
      assert.match(cut.location, /second_factor_expired/);
      const anonymous = await visitor(base).post("/-/account/totp", { setUp, code });
      assert.match(anonymous.location, /signin\?callbackUrl=/);
      const done = await browser.post("/-/account/totp", { setUp, code });
      assert.match(done.text, /Your recovery codes/);
    });

    test("secrets and codes are in neither the log nor the database", async () => {
      const ada = await person();
      const { browser } = await half(ada);
      await browser.post("/-/factor", { code: ada.codes[1] });
      const { readFile, readdir } = await import("node:fs/promises");
      const secrets = [ada.secret, ada.codes[0], ada.codes[0].replaceAll("-", ""), ada.codes[1]];
      for (const text of secrets) assert.ok(!keyward.log.includes(text), "the log");
      for (const file of await readdir(keyward.folder)) {
        const bytes = await readFile(`${keyward.folder}/${file}`, "latin1");
        for (const text of secrets) assert.ok(!bytes.includes(text), file);
      }
    });

    test("lesson 59 pages of second factors are kept by nobody and run under a strict policy", async () => {
      const ada = await person();
      const { browser } = await half(ada);
      for (const [who, path] of [
        [browser, "/-/factor"],
        [ada.browser, "/-/account/totp"],
        [ada.browser, "/-/confirm"],
      ]) {
        const { reply } = await who.page(path);
        assert.equal(reply.status, 200, path);
        assert.equal(reply.headers.get("cache-control"), "private, no-cache, no-store");
        assert.match(reply.headers.get("content-security-policy"), /^default-src 'none';/);
        assert.doesNotMatch(reply.headers.get("content-security-policy"), /unsafe|script-src/);
      }
    });
  });
}

describe("setting up again", () => {
  const opened = openedThings();
  after(() => opened.close());

  test("an operator's reset lets in who lost everything", async () => {
    const keyward = await opened.add(startKeyward({ config: { accounts: { enabled: true } } }), (k) => k.stop());
    const base = `${keyward.publicUrl}/api/auth`;
    const ada = await protectedPerson(base, "ada@example.com");
    const { execFile } = await import("node:child_process");
    const { promisify } = await import("node:util");
    const binary = process.env.KEYWARD_BIN ?? new URL("../../target/debug/keyward", import.meta.url).pathname;
    const args = ["user", "reset-factors", "ada@example.com", "--config", `${keyward.folder}/keyward.toml`];
    const { stdout } = await promisify(execFile)(binary, args);
    assert.match(stdout, /ada@example.com/);
    const browser = visitor(base);
    const first = await browser.post("/callback/credentials", { email: ada.email, password: PASSWORD });
    assert.doesNotMatch(first.location, /factor/);
    await setUpApp(browser);
  });
});

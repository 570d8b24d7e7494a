// A provider that breaks down: the person is told which step it was and can try again, the log has one line with the
// cause, nobody is signed in, and nothing half-made stays behind.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { startKeyward } from "../support/keyward.mjs";
import { openedThings } from "../support/opened.mjs";
import { changes, rowsOf, told, troubleIn } from "../support/trouble.mjs";
import { startOriginal } from "./originals/start.mjs";
import { forKeyward, forNextAuth, startFakes } from "./providers.mjs";
import { Visitor, chooseAt } from "./visitor.mjs";

const ORIGIN = "http://localhost:4310";
const DOWN = "is down";

/** What the answer is, and whether it is one at all. */
const ANSWERS = ["answers 500", "answers an HTML page", "answers nonsense", "redirects"];
const NO_ANSWERS = ["answers far too much", "hangs up", DOWN];

/** Each step with the code of a broken answer. `stale`: what was fetched once is not asked for again. */
const STEPS = [
  { provider: "google", step: "metadata", leg: "out", code: "provider_discovery", stale: true },
  { provider: "google", step: "keys", leg: "home", code: "provider_discovery", stale: true },
  { provider: "google", step: "token", leg: "home", code: "provider_token" },
  { provider: "github", step: "token", leg: "home", code: "provider_token" },
  { provider: "github", step: "userinfo", leg: "home", code: "provider_userinfo" },
  { provider: "github", step: "emails", leg: "home", code: "provider_userinfo" },
];

/** How the log says at which step it was: where there was an answer, by what is wrong with it, else by name. */
const NAMED = {
  metadata: [/^the metadata/, "metadata"],
  keys: [/^(the keys' address|keys: )/, "keys"],
  token: [/^(the provider answered|status \d+ with .* instead of JSON$)/, "token"],
  userinfo: [/^the profile/, "userinfo"],
  emails: [/^(the profile's address|the list of addresses)/, "e-mail addresses"],
};
const CAUSES = {
  "answers 500": /500/,
  "redirects": /303/,
  "answers far too much": /the answer is larger than \d+ bytes$/,
  "hangs up": /the exchange broke off with 127\.0\.0\.1:\d+: ./,
  [DOWN]: /no connection to 127\.0\.0\.1:\d+: ./,
};

/** What the person reads: the step is what happens at the other side. */
const TRY_AGAIN = "Nothing is wrong with your details. Try again";
const WORDS = {
  answered: { title: "The other side gave an odd answer", text: `${TRY_AGAIN}; if it stays this way, tell the people who run this site.` },
  unreachable: { title: "The other side can’t be reached", text: `${TRY_AGAIN} in a moment.` },
};

/** Where NextAuth sends the browser, by generation and leg of the way; the status is the page's. */
const LANDINGS = {
  "next-auth-3": {
    out: { path: "/api/auth/signin", error: "OAuthSignin", status: 200 },
    home: { path: "/api/auth/signin", error: "Callback", status: 200 },
  },
  "next-auth-4": {
    out: { path: "/api/auth/signin", error: "OAuthSignin", status: 200 },
    home: { path: "/api/auth/signin", error: "OAuthCallback", status: 200 },
  },
  "auth-js-5": {
    out: { path: "/api/auth/error", error: "Configuration", status: 500 },
    home: { path: "/api/auth/error", error: "Configuration", status: 500 },
  },
};

/**
 * What the original is shown. Generation 3 knows plain OAuth 2.0 alone, which has no metadata; of a profile that is none it
 * says nothing at all. None of them fetches keys by a step of its own.
 */
const SHOWN = {
  "next-auth-3": {
    steps: ["token", "userinfo"].map((step) => ({ provider: "odd-tokens", step, leg: "home" })),
    breakdowns: ["answers 500", DOWN],
  },
};
const SHOWN_TO_OTHERS = { steps: STEPS.filter(({ step }) => step !== "keys"), breakdowns: ["answers an HTML page", DOWN] };

/** A sign-in at a provider that breaks down at `step` as `breakdown` says: where the browser ends up. */
async function failedSignIn(visitor, fake, { provider, step, leg, breakdown }) {
  const breakDown = async () => (breakdown === DOWN ? fake.stop() : (fake.breakdowns[step] = breakdown));
  if (leg === "out") await breakDown();
  let target = await visitor.begin(provider);
  if (leg === "home") {
    const answer = await chooseAt(target, "ada");
    await breakDown();
    target = await visitor.bringBack(answer);
  }
  if (breakdown === DOWN) await fake.startAgain();
  fake.recover();
  const { url, status, page } = await visitor.follow(target);
  const { pathname, searchParams } = new URL(url);
  return { landing: { path: pathname, error: searchParams.get("error"), status }, code: searchParams.get("code"), page };
}

for (const [dialect, landings] of Object.entries(LANDINGS)) {
  describe(`a provider that breaks down, ${dialect}`, () => {
    const opened = openedThings();
    after(() => opened.close());
    const fakesOf = (ids = ["github", "google"]) => startFakes(opened, { ids, origin: ORIGIN });

    test("the original sends the browser to the same pages", async () => {
      const { steps, breakdowns } = SHOWN[dialect] ?? SHOWN_TO_OTHERS;
      const fakes = await fakesOf([...new Set(steps.map(({ provider }) => provider))]);
      const original = startOriginal({ dialect, origin: ORIGIN, providers: forNextAuth(fakes) });
      const { url } = await opened.add(original, (original) => original.stop());
      for (const { provider, step, leg } of steps) {
        for (const breakdown of breakdowns) {
          const visitor = new Visitor({ origin: ORIGIN, url });
          const { landing } = await failedSignIn(visitor, fakes[provider], { provider, step, leg, breakdown });
          assert.deepEqual(landing, landings[leg], `${provider}'s ${step} ${breakdown}`);
        }
      }
    });

    describe("Keyward", () => {
      let fakes;
      let keyward;
      before(async () => {
        fakes = await fakesOf();
        const config = { public_url: ORIGIN, dialect, session: { strategy: "sealed" }, providers: forKeyward(fakes) };
        keyward = await opened.add(startKeyward({ config, args: ["--log-format", "json"] }), (keyward) => keyward.stop());
      });

      const fails = async ({ provider, step, leg, code }, breakdown) => {
        const path = `/api/auth/${leg === "out" ? "signin" : "callback"}/${provider}`;
        const visitor = new Visitor({ origin: ORIGIN, url: keyward.url });
        const [rows, from] = [await rowsOf(keyward), keyward.log.length];
        const failed = await failedSignIn(visitor, fakes[provider], { provider, step, leg, breakdown });
        const answered = ANSWERS.includes(breakdown);

        assert.deepEqual(failed.landing, landings[leg]);
        assert.equal(failed.code, answered ? code : "provider_unreachable");
        assert.deepEqual(told(failed.page), answered ? WORDS.answered : WORDS.unreachable);
        assert.equal(await visitor.session(), null);
        assert.deepEqual(visitor.cookies.filter((name) => /attempt|session-token/.test(name)), []);
        const lines = await troubleIn(keyward, from);
        assert.deepEqual(lines.map((line) => [line.path, line.code]), [[path, failed.code]], JSON.stringify(lines));
        const [wrong, name] = NAMED[breakdown === DOWN && leg === "home" ? "token" : step];
        assert.match(lines[0].detail, answered ? wrong : new RegExp(`^${name} at 127\\.0\\.0\\.1: `));
        assert.match(lines[0].detail, CAUSES[breakdown] ?? /./);
        // Whoever came back has used the attempt up.
        assert.deepEqual(changes(rows, await rowsOf(keyward)), leg === "home" ? ["+ticket"] : []);
        return visitor;
      };
      const signsIn = async (visitor, provider) => {
        await visitor.signIn(provider, "ada");
        assert.equal((await visitor.session())?.user.email, "ada@example.com");
      };

      for (const broken of STEPS) {
        const { provider, step, stale } = broken;
        for (const breakdown of [...ANSWERS, ...NO_ANSWERS]) {
          // Its keys can't be missing where the tokens were there a moment ago.
          if (broken.leg === "home" && step === "keys" && breakdown === DOWN) continue;
          test(`${provider}'s ${step} ${breakdown}: nobody is signed in, and the next try works`, async () => {
            const visitor = await fails(broken, breakdown);
            if (!stale) await signsIn(visitor, provider === "google" ? "github" : provider);
          });
        }
        test(`${provider} is used again as soon as its ${step} is there`, async () => {
          const visitor = new Visitor({ origin: ORIGIN, url: keyward.url });
          await visitor.send("/api/auth/csrf");
          assert.notEqual(new URL(await visitor.begin(provider)).origin, ORIGIN);
        });
      }

      test("no step waits for a provider that never answers", async () => {
        const fresh = await startFakes(opened, { ids: ["github", "google"], origin: ORIGIN });
        const config = { public_url: ORIGIN, dialect, providers: forKeyward(fresh) };
        const server = await opened.add(startKeyward({ config }), (server) => server.stop());
        const begun = Date.now();
        await Promise.all(
          [
            { provider: "google", step: "metadata", leg: "out" },
            { provider: "github", step: "token", leg: "home" },
          ].map(async (broken) => {
            const visitor = new Visitor({ origin: ORIGIN, url: server.url });
            const { landing, code } = await failedSignIn(visitor, fresh[broken.provider], { ...broken, breakdown: "never answers" });
            assert.deepEqual(landing, landings[broken.leg]);
            assert.equal(code, "provider_unreachable");
            assert.equal(await visitor.session(), null);
          }),
        );
        assert.ok(Date.now() - begun < 15_000);
      });

      test("the same code twice: the second is refused without a word to the provider", async () => {
        fakes.github.recover();
        const visitor = new Visitor({ origin: ORIGIN, url: keyward.url });
        const answer = await chooseAt(await visitor.begin("github"), "ada");
        const first = await visitor.bringBack(answer);
        const again = await visitor.follow(await visitor.bringBack(answer));
        assert.equal(first, `${ORIGIN}/`);
        assert.equal(new URL(again.url).searchParams.get("code"), "provider_attempt");
        assert.equal(fakes.github.requests.filter(({ step }) => step === "token").length, 1);
        assert.deepEqual(fakes.github.refusals, []);
      });
    });
  });
}

// What a person does who signs in with others. Each journey gives what it observed, and the same journey is taken with
// the real NextAuth and with Keyward. Each has people of its own: what they set up stays with the server.
import assert from "node:assert/strict";

import { choose, cookiesOf, landed, pressButton, refusedAt, setOut, signIn } from "./steps.mjs";

/** Every journey: `name`, `dialects` where it is not for all, and `run({context, dialect, origin, fakes, server, tab})`. */
export const journeys = [
  {
    name: 'A1 C5 signIn("github") leads to the provider and back to the callback address, signed in',
    async run({ tab, context, origin }) {
      const app = await tab("/");
      const before = await app.sessionIs(false);
      await signIn(app, "github", "ada", "/reports?year=7");
      const first = await landed(app, "/reports?year=7");
      const cookies = await cookiesOf(context, origin);
      await app.page.reload();
      const reloaded = await app.sessionIs(true);
      await app.call("signOut");
      await app.sessionIs(false);
      await signIn(app, "github", "ada", "/again");
      const second = await landed(app, "/again");

      assert.equal(first.session.data.user.email, "ada@example.com");
      return { before, first, cookies, reloaded, second };
    },
  },
  {
    name: 'A1 C5 signIn("google") without a callback address comes back to the page that it was called on',
    async run({ tab }) {
      const app = await tab("/somewhere?q=1");
      await app.sessionIs(false);
      await signIn(app, "google", "hedy");
      return landed(app, "/somewhere?q=1");
    },
  },
  {
    name: 'signIn("github", {redirect: false}) resolves to the address of the provider',
    dialects: ["auth-js-5"],
    async run({ tab, fakes }) {
      const app = await tab("/");
      await app.sessionIs(false);
      const { url, ...resolved } = await app.call("signIn", { provider: "github", callbackUrl: "/reports" });
      await app.page.goto(url);
      await choose(app.page, "margaret");

      assert.equal(new URL(url).origin, fakes.github.url);
      return { resolved, landed: await landed(app, "/reports") };
    },
  },
  {
    name: "the sign-in page's button leads to the provider and back to the page that asked for it",
    async run({ tab }) {
      const app = await tab("/private?report=7");
      await app.page.waitForURL("**/api/auth/signin?**");
      await pressButton(app.page, "google");
      await choose(app.page, "annie");
      return landed(app, "/private?report=7");
    },
  },
  {
    name: "a person who cancels at the provider is told so and can choose again, with the callback address kept",
    async run({ tab, context }) {
      const app = await tab("/");
      await setOut(app, "github", "/reports?year=8");
      await choose(app.page, undefined);
      const cancelled = await refusedAt(app, context);
      const told = await app.page.locator(".error, [role=alert]").first().isVisible();
      await pressButton(app.page, "google");
      await choose(app.page, "unicode");
      const signedIn = await landed(app, "/reports?year=8");

      assert.equal(told, true);
      return { cancelled, signedIn };
    },
  },
  {
    name: "OAuthAccountNotLinked: the address of an account does not open it to another provider",
    async run({ tab, context }) {
      const app = await tab("/");
      await signIn(app, "github", "grace", "/first");
      await landed(app, "/first");
      await app.call("signOut");
      await app.sessionIs(false);
      await signIn(app, "google", "grace", "/second");
      const refused = await refusedAt(app, context);

      assert.equal(refused.error, "OAuthAccountNotLinked");
      return { refused };
    },
  },
  {
    name: "a second provider is linked to the person who is signed in, and opens the same account later",
    async run({ tab }) {
      const app = await tab("/");
      await signIn(app, "github", "katherine", "/first");
      const first = await landed(app, "/first");
      await signIn(app, "google", "mary", "/linked");
      const linked = await landed(app, "/linked");
      await app.call("signOut");
      await app.sessionIs(false);
      await signIn(app, "google", "mary", "/later");
      const later = await landed(app, "/later");

      assert.equal(first.session.data.user.email, "katherine@example.com");
      assert.deepEqual(later.session.data.user, first.session.data.user);
      return { first, linked, later };
    },
  },
  {
    name: "OAuthAccountNotLinked: nobody gets another's account linked to theirs",
    async run({ tab, context }) {
      const app = await tab("/");
      await signIn(app, "github", "radia", "/first");
      await landed(app, "/first");
      await app.call("signOut");
      await app.sessionIs(false);
      await signIn(app, "google", "joan", "/second");
      await landed(app, "/second");
      await signIn(app, "github", "radia", "/third");
      const refused = await refusedAt(app, context);

      assert.equal(refused.error, "OAuthAccountNotLinked");
      assert.equal(refused.session.user.email, "joan@example.com");
      return { refused: { ...refused, session: refused.session.user } };
    },
  },
  {
    name: "another tab learns of the sign-in, and signOut ends it there too without a word to the provider",
    async run({ tab, fakes }) {
      const there = await tab("/other");
      await there.sessionIs(false);
      const here = await tab("/");
      await signIn(here, "github", "ada", "/first");
      await landed(here, "/first");
      await there.page.reload();
      const elsewhere = await there.sessionIs(true);
      const asked = fakes.github.requests.length;
      await here.call("signOut");
      const after = await here.sessionIs(false);
      const afterElsewhere = await there.sessionIs(false);

      assert.equal(fakes.github.requests.length, asked);
      return { elsewhere, after, afterElsewhere };
    },
  },
  {
    name: "a foreign callback address is refused",
    async run({ tab, origin }) {
      const app = await tab("/");
      await signIn(app, "github", "ada", "https://evil.example/phish");
      await app.page.waitForURL((url) => !url.pathname.startsWith("/api/auth"));
      const session = await app.sessionIs(true);

      assert.equal(new URL(app.page.url()).origin, origin);
      return { landedAt: app.page.url(), session };
    },
  },
  {
    name: "a code is good once: the same answer brought back again is refused, and nobody new is signed in",
    async run({ tab, context, fakes, origin }) {
      const app = await tab("/");
      await setOut(app, "github", "/first");
      const answered = app.page.waitForRequest((request) => request.url().startsWith(`${origin}/api/auth/callback/github`));
      await choose(app.page, "ada");
      await landed(app, "/first");
      await app.call("signOut");
      await app.sessionIs(false);
      await app.page.goto((await answered).url());
      const refused = await refusedAt(app, context);

      assert.equal(Boolean(refused.session?.user), false);
      // Whoever forgets the attempt never asks the provider again.
      assert.equal(fakes.github.requests.filter(({ step }) => step === "token").length, 1);
      return { refused };
    },
  },
];

// What people can do with Keyward and not with the original.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { signInThere, startRealProvider } from "./real/start.mjs";
import { openStage } from "./stage.mjs";
import { atProvider, choose, landed, pressButton, refusedAt, setOut, signIn } from "./steps.mjs";

for (const dialect of ["next-auth-4", "auth-js-5"]) {
  describe(`Keyward with the client of ${dialect}`, () => {
    let stage;
    before(async () => (stage = await openStage({ dialect, ids: ["github", "google"] })));
    after(() => stage?.close());
    const play = (journey) => stage.play(journey, "keyward");

    test("two tabs that set out at once both come back, each to its own page", () =>
      play(async ({ tab }) => {
        const [one, two] = [await tab("/one"), await tab("/two")];
        await setOut(one, "github", "/one?done");
        await setOut(two, "github", "/two?done");
        await choose(one.page, "ada");
        await landed(one, "/one?done");
        await choose(two.page, "ada");
        await landed(two, "/two?done");
        assert.deepEqual((await one.page.context().cookies()).filter(({ name }) => name.includes("attempt")), []);
      }));

    test("a person whose provider breaks down sees a page from which the next try works", () =>
      play(async ({ tab, context, fakes }) => {
        const app = await tab("/");
        await setOut(app, "google", "/reports?year=9");
        fakes.google.breakdowns.token = "answers 500";
        await choose(app.page, "grace");
        const { session } = await refusedAt(app, context);
        assert.equal(Boolean(session?.user), false);
        fakes.google.recover();
        // The error page leads to the sign-in page.
        const again = app.page.locator('a[href*="/api/auth/signin"]');
        if (new URL(app.page.url()).pathname.endsWith("/error")) await again.click();
        await pressButton(app.page, "google");
        await choose(app.page, "grace");
        await landed(app, "/reports?year=9");
      }));

    test("a person who comes with a second provider is told of the first, proves it, and is asked to add the second", () =>
      play(async ({ tab, context }) => {
        const app = await tab("/");
        await signIn(app, "github", "katherine", "/first");
        await landed(app, "/first");
        await app.call("signOut");
        await app.sessionIs(false);
        await signIn(app, "google", "katherine", "/second");
        assert.equal((await refusedAt(app, context)).error, "OAuthAccountNotLinked");
        assert.match(await app.page.locator("[role=alert]").innerText(), /add Google/);
        assert.equal(await app.page.getByRole("button").count(), 1);
        assert.equal(await app.page.getByRole("button", { name: "Sign in with GitHub" }).count(), 1);
        await pressButton(app.page, "github");
        await choose(app.page, "katherine");
        await addsGoogle(app);
      }));

    test("lesson_44 a session that was ended while the person was at the provider gets no account linked to it", () =>
      play(async ({ tab, context }) => {
        const app = await tab("/");
        await signIn(app, "github", "mary", "/first");
        await landed(app, "/first");
        await setOut(app, "google", "/second");
        const elsewhere = await tab("/");
        await elsewhere.call("signOut");
        await choose(app.page, "joan");
        const { session } = await refusedAt(app, context);
        assert.equal(Boolean(session?.user), false);
      }));
  });

  describe(`Keyward with the client of ${dialect}, with links by mail`, () => {
    let stage;
    before(async () => (stage = await openStage({ dialect, ids: ["google"], mail: true })));
    after(() => stage?.close());

    test("a person who came by a link is told so, proves it by another, and is asked to add the provider", () =>
      stage.play(async ({ tab, context, origin }) => {
        const email = "katherine@example.com";
        const app = await tab("/");
        await app.call("signIn", { provider: "email", email, callbackUrl: "/first" });
        await app.page.goto(await newestLink(context, origin));
        await landed(app, "/first");
        await app.call("signOut");
        await app.sessionIs(false);

        await signIn(app, "google", "katherine", "/second");
        assert.equal((await refusedAt(app, context)).error, "OAuthAccountNotLinked");
        assert.match(await app.page.locator("[role=alert]").innerText(), /add Google/);
        assert.equal(await app.page.getByRole("button").count(), 1);
        await app.page.fill("#input-email-for-email-provider", email);
        await app.page.getByRole("button").click();
        await app.page.waitForURL("**/api/auth/verify-request**");
        await app.page.goto(await newestLink(context, origin));
        await addsGoogle(app);
      }, "keyward"));
  });

  describe(`Keyward with the client of ${dialect}, over TLS`, () => {
    let stage;
    before(async () => (stage = await openStage({ dialect, ids: ["github", "apple"], https: true })));
    after(() => stage?.close());

    test("a provider that answers by a form post is linked to the person who is signed in", () =>
      stage.play(async ({ tab }) => {
        const app = await tab("/");
        await signIn(app, "github", "ada", "/first");
        const first = await landed(app, "/first");
        await signIn(app, "apple", "grace", "/linked");
        await landed(app, "/linked");
        await app.call("signOut");
        await app.sessionIs(false);
        await signIn(app, "apple", "grace", "/later");
        const later = await landed(app, "/later");
        assert.deepEqual(later.session.data.user, first.session.data.user);
      }, "keyward"));
  });

  describe(`Keyward with the client of ${dialect} and sign-out at the provider`, () => {
    let stage;
    before(async () => (stage = await openStage({ dialect, real: startRealProvider, keyward: { real: { sign_out: "both" } } })));
    after(() => stage?.close());

    test("signOut goes to the provider, ends the session there too and comes back", () =>
      stage.play(async ({ tab, origin }) => {
        const app = await tab("/");
        await setOut(app, "real", "/first");
        await signInThere(app.page, "ada");
        await landed(app, "/first");
        await app.callAndGo("signOut and go", { callbackUrl: "/bye" });
        await atProvider(app.page);
        await app.page.getByRole("button", { name: "Yes, sign me out" }).click();
        await app.page.waitForURL(`${origin}/bye`);
        const back = await tab("/");
        await back.sessionIs(false);
        // The provider asks who it is again.
        await setOut(back, "real", "/second");
        await signInThere(back.page, "grace");
        const { session } = await landed(back, "/second");
        assert.equal(session.data.user.email, "grace@example.com");
      }, "keyward"));
  });
}

/** The link in the mail that Keyward's own mailbox shows first. */
async function newestLink(context, origin) {
  const page = await context.newPage();
  await page.goto(`${origin}/api/auth/-/mailbox`);
  const link = await page.locator('a[href*="/callback/email"]').first().getAttribute("href");
  await page.close();
  return link;
}

/** Katherine proved who she is: she is asked, adds Google, lands where she wanted to be, and comes in by it from then on. */
async function addsGoogle(app) {
  await app.page.waitForURL("**/api/auth/signin?link=google**");
  await pressButton(app.page, "google");
  await choose(app.page, "katherine");
  await landed(app, "/second");

  await app.call("signOut");
  await app.sessionIs(false);
  await signIn(app, "google", "katherine", "/third");
  await landed(app, "/third");
}

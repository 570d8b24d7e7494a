// What a person does with an application, and what the application is then told. Each journey gives what it
// observed, and the same journey is taken with the real NextAuth and with Keyward.
import assert from "node:assert/strict";

const password = "correct horse";
const ada = { email: "ada@example.com", password };
const wrong = { email: "wrong@example.com", password };

/** Every journey: `name`, `dialects` where it is not for all, and `run({context, dialect, origin, tab})`. */
export const journeys = [
  {
    name: 'A4 B2 B3 signIn("login") resolves, and useSession shows who signed in, also after a reload',
    async run({ tab, context }) {
      const app = await tab("/");
      const before = await app.sessionIs(false);
      const resolved = await app.call("signIn", ada);
      const session = await app.sessionIs(true);
      const cookies = await cookiesOf(context);
      await app.page.reload();
      const reloaded = await app.sessionIs(true);

      assert.equal(resolved.ok, true);
      assert.equal(session.data.user.isLoggedIn, true);
      return { before, resolved, session, cookies, reloaded };
    },
  },
  {
    name: 'B2 signIn("signup") signs a new person in',
    async run({ tab }) {
      const app = await tab("/");
      const resolved = await app.call("signUp", { ...ada, name: "Ada", callbackUrl: "/welcome" });
      const session = await app.sessionIs(true);

      assert.equal(resolved.ok, true);
      return { resolved, session };
    },
  },
  {
    name: "B2 a wrong password resolves to what the original gives, and the right one then signs in",
    async run({ tab }) {
      const app = await tab("/");
      const refused = await app.call("signIn", wrong);
      const between = await app.sessionIs(false);
      const resolved = await app.call("signIn", ada);

      assert.equal(refused.error, "CredentialsSignin");
      assert.equal(refused.url, null);
      assert.equal(resolved.ok, true);
      return { refused, between, resolved };
    },
  },
  ...backendAnswers().map(([answer, who]) => ({
    name: `B2 a back end that ${answer} reaches the same call`,
    async run({ tab }) {
      const app = await tab("/");
      const refused = await app.call("signIn", { email: `${who}@example.com`, password });
      const session = await app.sessionIs(false);

      assert.ok(refused.error, "the call tells of the failure");
      return { refused, session };
    },
  })),
  {
    name: "B2 signIn with redirect goes to the callback address or, refused, to the sign-in page",
    async run({ tab }) {
      const refused = await tab("/");
      await refused.callAndGo("signIn and go", { ...wrong, callbackUrl: "/landing?step=2" });
      await refused.page.waitForURL("**/api/auth/signin?**");

      const accepted = await tab("/");
      await accepted.callAndGo("signIn and go", { ...ada, callbackUrl: "/landing?step=2" });
      const session = await accepted.sessionIs(true);

      return { refusedAt: refused.page.url(), landedAt: accepted.page.url(), session };
    },
  },
  {
    name: "B5 another tab learns of getSession and signOut, and nothing of signIn without redirect",
    async run({ tab }) {
      const here = await tab("/");
      const there = await tab("/other");
      await here.sessionIs(false);
      await there.sessionIs(false);

      const toldBySignIn = await learns(there, async () => {
        await here.call("signIn", ada);
        await here.sessionIs(true);
      });
      const afterSignIn = await there.session();
      await nextSecond();
      await here.call("getSession");
      const afterGetSession = await there.sessionIs(true);
      await here.call("signOut");
      const afterSignOut = await there.sessionIs(false);
      await there.page.reload();
      const reloaded = await there.sessionIs(false);

      return { toldBySignIn, afterSignIn, afterGetSession, afterSignOut, reloaded };
    },
  },
  {
    name: "B5 update() changes what it may change, tells the other tab and lasts",
    dialects: ["next-auth-4", "auth-js-5"],
    async run({ tab }) {
      const here = await tab("/");
      await here.call("signIn", ada);
      await here.sessionIs(true);
      const there = await tab("/other");
      await there.sessionIs(true);

      await nextSecond();
      const data = { name: "Grace", role: "editor", accessToken: "stolen", isLoggedIn: false };
      const resolved = await here.call("update", { update: JSON.stringify(data) });
      const session = await here.session();
      await there.page.waitForFunction(() =>
        document.querySelector("#session").textContent.includes("editor"),
      );
      const elsewhere = await there.session();
      const withoutData = await here.call("update", { update: "" });
      await here.page.reload();
      const reloaded = await here.sessionIs(true);

      assert.equal(reloaded.data.user.role, "editor");
      assert.notEqual(reloaded.data.accessToken, "stolen");
      return { resolved, session, elsewhere, withoutData, reloaded };
    },
  },
  {
    name: "B5 update() without a session resolves to what the original gives",
    dialects: ["next-auth-4", "auth-js-5"],
    async run({ tab }) {
      const app = await tab("/");
      await app.sessionIs(false);
      const withData = await app.call("update", { update: '{"name":"Grace"}' });
      const withoutData = await app.call("update", { update: "" });
      return { withData, withoutData, session: await app.session() };
    },
  },
  {
    name: "B5 signOut ends the session, resolves or goes to its callback address, and takes the cookie away",
    async run({ tab, context }) {
      const app = await tab("/");
      await app.call("signIn", ada);
      const resolved = await app.call("signOut", { callbackUrl: "/bye" });
      const session = await app.sessionIs(false);
      const cookies = await cookiesOf(context);

      await app.call("signIn", ada);
      await app.callAndGo("signOut and go", { callbackUrl: "/bye?again" });
      const reloaded = await app.sessionIs(false);

      assert.ok(!Object.keys(cookies).some((name) => name.includes("session-token")));
      return { resolved, session, cookies, landedAt: app.page.url(), reloaded };
    },
  },
  {
    name: "the callback address is kept through the sign-in page, also over a wrong password there",
    async run({ tab }) {
      const app = await tab("/private?report=7");
      await app.page.waitForURL("**/api/auth/signin?**");
      const sentTo = app.page.url();

      await submitSignInPage(app.page, wrong);
      await app.page.waitForURL("**/api/auth/signin?*error=CredentialsSignin*");
      const refusedAt = app.page.url();
      await submitSignInPage(app.page, ada);
      await app.page.waitForURL("**/private?report=7");
      return { sentTo, refusedAt, session: await app.sessionIs(true) };
    },
  },
  {
    name: "a foreign callback address is refused: signIn, signOut and the sign-in page stay on the origin",
    async run({ tab, origin }) {
      const foreign = "https://evil.example/phish";
      const app = await tab("/");
      const signedIn = await app.call("signIn", { ...ada, callbackUrl: foreign });
      const signedOut = await app.call("signOut", { callbackUrl: foreign });
      const schemeless = await app.call("signIn", { ...ada, callbackUrl: "//evil.example/phish" });
      await app.call("signOut");

      await app.callAndGo("sign-in page", { callbackUrl: foreign });
      const signInPage = app.page.url();
      await submitSignInPage(app.page, ada);
      await app.page.waitForURL((url) => !url.pathname.startsWith("/api/auth"));
      const session = await app.sessionIs(true);

      for (const url of [signedIn.url, signedOut.url, schemeless.url, app.page.url()]) {
        assert.equal(new URL(url).origin, origin);
      }
      return { signedIn, signedOut, schemeless, signInPage, landedAt: app.page.url(), session };
    },
  },
  {
    name: "an unknown provider leads to the sign-in page with the callback address",
    async run({ tab }) {
      const app = await tab("/somewhere");
      await app.callAndGo("signIn and go", { provider: "nobody" });
      await app.page.waitForURL("**/api/auth/signin?**");
      return { sentTo: app.page.url() };
    },
  },
];

/** What the test back end does, and the address that makes it do so. */
function backendAnswers() {
  return Object.entries({
    "refuses with a message of its own": "refused",
    "refuses with a message that needs escaping": "spaces",
    "refuses without a message": "bare",
    "answers 500 with a message": "trouble",
    "answers 500 with a page": "broken",
    "answers broken JSON": "garbled",
    "answers a list": "shapeless",
    "answers null": "nobody",
    "answers far too much": "huge",
    "never answers": "hang",
    "hangs up": "cut",
  });
}

/** A short journey that a proxy rule or an encrypted connection has to carry as it is. */
export async function wholeJourney({ tab, context }) {
  const app = await tab("/");
  const before = await app.sessionIs(false);
  const refused = await app.call("signIn", wrong);
  const resolved = await app.call("signIn", { ...ada, callbackUrl: "/landing" });
  const session = await app.sessionIs(true);
  const cookies = await cookiesOf(context);
  await app.page.reload();
  const reloaded = await app.sessionIs(true);
  const signedOut = await app.call("signOut", { callbackUrl: "/bye" });
  const after = await app.sessionIs(false);
  const cookiesAfter = await cookiesOf(context);

  await app.callAndGo("sign-in page", { callbackUrl: "/private" });
  await submitSignInPage(app.page, ada);
  await app.page.waitForURL("**/private");
  const throughThePage = await app.sessionIs(true);

  assert.equal(refused.ok === true && refused.error === undefined, false);
  assert.equal(resolved.ok, true);
  return {
    ...{ before, refused, resolved, session, cookies, reloaded },
    ...{ signedOut, after, cookiesAfter, throughThePage },
  };
}

/** Fills in and submits the form of the provider `login` on a built-in sign-in page. */
async function submitSignInPage(page, { email, password }) {
  const form = page.locator('form[action$="/callback/login"]');
  await form.locator("[name=email]").fill(email);
  await form.locator("[name=password]").fill(password);
  await form.locator("button").click();
}

/**
 * Tabs tell each other with a message that carries the time in seconds; storage (3 and 4) keeps an equal one to
 * itself, so that nobody learns of two happenings within one second.
 */
function nextSecond() {
  return new Promise((resolve) => setTimeout(resolve, 1_100));
}

/** Whether `app` asked for its session again within half a second of `happening`. */
async function learns(app, happening) {
  let asked = false;
  const listen = (request) => (asked ||= new URL(request.url()).pathname.endsWith("/session"));
  app.page.on("request", listen);
  await happening();
  await app.page.waitForTimeout(500);
  app.page.off("request", listen);
  return asked;
}

/** Every cookie by name with its attributes; its value is a secret of the server. */
async function cookiesOf(context) {
  const cookies = await context.cookies();
  return Object.fromEntries(
    cookies
      .map(({ name, path, domain, expires, httpOnly, secure, sameSite }) => {
        const days = expires === -1 ? "session" : Math.round((expires * 1000 - Date.now()) / 86_400_000);
        return [name, { path, domain, days, httpOnly, secure, sameSite }];
      })
      .sort(([a], [b]) => a.localeCompare(b)),
  );
}

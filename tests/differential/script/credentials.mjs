// Signing in with credentials: what each answer of the back end becomes, and the CSRF check before it.
import { as, csrf, get, post, scenario, signIn } from "./steps.mjs";

/** One sign-in that fails, asked for as JSON and as a form. */
const failing = (name, who, options = {}) =>
  scenario(name, [
    csrf(),
    post("/callback/login", { form: as(who, { callbackUrl: "/dash" }), jsonMode: true, as: "by JSON" }),
    post("/callback/login", { form: as(who, { callbackUrl: "/dash" }), as: "by form" }),
    ...(options.after ?? []),
  ]);

/** One sign-in that succeeds, and the session after it. */
const succeeding = (name, who, options) => scenario(name, [csrf(), signIn(who), get("/session")], options);

export default [
  scenario("signing in as the client does", [
    get("/providers"),
    csrf(),
    post("/callback/login", {
      form: as("ada", { redirect: "false", callbackUrl: "http://localhost:4310/dash?a=1#part" }),
      jsonMode: true,
    }),
    get("/session"),
    get("/session", { as: "reload" }),
  ]),
  scenario("signing in by form", [
    get("/signin?callbackUrl=/dash"),
    post("/callback/login", { form: as("ada") }),
    get("/session"),
  ]),
  scenario("signing up through the second provider", [
    csrf(),
    post("/callback/signup", { form: as("ada", { callbackUrl: "/" }), jsonMode: true }),
    get("/session"),
  ]),
  scenario("a user inside the answer", [
    csrf(),
    post("/callback/wrapped", { form: as("wrapped", { callbackUrl: "/" }), jsonMode: true }),
    get("/session"),
  ]),
  scenario("signing in with a JSON body", [
    csrf(),
    post("/callback/login", { payload: as("ada", { callbackUrl: "/" }), jsonMode: true }),
    get("/session"),
  ]),
  scenario("signing in again while signed in", [csrf(), signIn("ada"), signIn("picture"), get("/session")]),
  succeeding("a user with a picture", "picture"),
  succeeding("a user with a picture, defaults", "picture", { setup: "defaults" }),
  succeeding("a user, defaults", "ada", { setup: "defaults" }),
  succeeding("a name beyond ASCII", "unicode"),
  succeeding("a number as id", "numeric"),
  succeeding("a user who is only an id", "minimal"),
  succeeding("a user who is only an id, defaults", "minimal", { setup: "defaults" }),
  succeeding("over https", "ada", { setup: "secure" }),
  succeeding("under another base path, for an hour", "ada", { setup: "based" }),

  failing("wrong password", "wrong", { after: [get("/session")] }),
  failing("a refusal with message and code", "refused"),
  failing("a refusal without words", "bare"),
  failing("a refusal in odd characters", "spaces"),
  failing("trouble with message and code", "trouble"),
  failing("trouble with a page", "broken"),
  failing("an answer that is not JSON", "garbled"),
  failing("an answer that is no user", "shapeless"),
  failing("an answer of null", "nobody"),
  failing("an answer that is huge", "huge"),
  failing("a back end that hangs", "hang"),
  failing("a back end that hangs up", "cut"),
  scenario("a user who is not where the provider says", [csrf(), post("/callback/wrapped", { form: as("ada"), jsonMode: true })]),
  scenario("a failed sign-in keeps the session before it", [csrf(), signIn("ada"), signIn("wrong"), get("/session")]),

  scenario("signing in without a token", [
    csrf(),
    post("/callback/login", { csrf: "none", form: as("ada", { callbackUrl: "/dash" }), jsonMode: true, as: "by JSON" }),
    post("/callback/login", { csrf: "none", form: as("ada", { callbackUrl: "/dash" }), as: "by form" }),
  ]),
  scenario("signing in with a wrong token", [
    csrf(),
    post("/callback/login", { csrf: "wrong", form: as("ada"), jsonMode: true, as: "by JSON" }),
    post("/callback/login", { csrf: "wrong", form: as("ada"), as: "by form" }),
  ]),
  scenario("signing in with a token but no cookie", [
    csrf(),
    post("/callback/login", { form: as("ada"), withoutCookies: true, jsonMode: true }),
  ]),
  scenario("signing in with a forged pair of token and cookie", [
    post("/callback/login", { form: as("ada"), jsonMode: true, cookies: { csrf: `${"a".repeat(64)}|${"b".repeat(64)}` } }),
  ]),
  scenario("signing in with the token in the query", [
    csrf(),
    post("/callback/login?csrfToken=aaaa", { csrf: "none", form: as("ada"), jsonMode: true }),
  ]),
  scenario("a wrong token before the right one", [
    csrf(),
    post("/signin/login", { form: { csrfToken: "a".repeat(64) }, jsonMode: true }),
  ]),
  scenario("signing in from a foreign page with the right token", [
    csrf(),
    signIn("ada", { headers: { origin: "https://evil.test", referer: "https://evil.test/page" } }),
  ]),
  scenario("signing in by GET", [csrf(), get("/callback/login?email=ada@example.com&password=x")]),
  scenario("an unknown provider", [
    csrf(),
    get("/callback/nobody"),
    post("/callback/nobody", { form: as("ada"), jsonMode: true }),
    post("/callback", { form: as("ada") }),
  ]),
];

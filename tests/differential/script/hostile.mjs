// Requests that no client makes: wrong methods and types, broken encodings, addresses that lead away.
import { csrfCookie } from "../dialects.mjs";
import { UPDATING, any, as, csrf, get, post, scenario, signIn } from "./steps.mjs";

const FORM = "application/x-www-form-urlencoded";
const PAGES_API = ["next-auth-3", "next-auth-4"];

/** Signing in with a place to go, as JSON; the answer shows what became of it. */
const goingTo = (callbackUrl, name = `to ${callbackUrl}`) =>
  scenario(`signing in ${name}`, [csrf(), signIn("ada", { form: as("ada", { callbackUrl }), as: "sign in" }), get("/csrf", { as: "the cookie after it" })]);

/** The same with the place in the query of a GET. */
const lookingAt = (encoded) =>
  scenario(`a query with callbackUrl=${encoded}`, [get(`/csrf?callbackUrl=${encoded}`), get(`/signin?callbackUrl=${encoded}`)]);

/** A place that is none, in a form that leads nowhere else. */
const sendingAlong = (callbackUrl) =>
  scenario(`a form with callbackUrl=${callbackUrl}`, [csrf(), post("/signin/login", { form: { callbackUrl }, jsonMode: true }), csrf("afterwards")]);

/** A callback cookie that the browser brings along. */
const callbackCookie = (name, path, value) => scenario(`a callback cookie ${name}`, [csrf(), get(path, { cookies: { callback: value } })]);

export default [
  goingTo("/dash"),
  goingTo("/dash?next=%2Fa%26b#part"),
  goingTo("http://localhost:4310/inside"),
  goingTo("http://localhost:4311/other-port"),
  goingTo("https://localhost:4310/other-scheme"),
  goingTo("https://evil.test/"),
  goingTo("//evil.test/x"),
  goingTo("/\\evil.test"),
  goingTo("http://localhost:4310@evil.test/"),
  goingTo("http://localhost.evil.test:4310/"),
  goingTo("", "to nowhere"),
  sendingAlong("javascript:alert(1)"),
  sendingAlong("no address"),
  scenario("a form with two places to go", [
    csrf(),
    post("/signin/login", { form: { callbackUrl: ["/one", "/two"] }, jsonMode: true, cookies: { callback: "http://localhost:4310/one" } }),
  ]),
  lookingAt("/dash"),
  lookingAt("https%3A%2F%2Fevil.test%2F"),
  lookingAt("//evil.test"),
  scenario("a query with a script as callbackUrl", [get("/signin?callbackUrl=javascript:alert(1)")]),
  callbackCookie("of this site", "/signin", "http://localhost:4310/dash"),
  callbackCookie("of a foreign site", "/signin", "https://evil.test/"),
  callbackCookie("that is relative", "/signin", "/dash"),
  callbackCookie("that is a script", "/signin", "javascript:alert(1)"),
  scenario("a callback cookie that is junk", [csrf(), get("/providers", { cookies: { callback: "no address" } })], { only: UPDATING }),

  scenario("a CSRF cookie of the package's making", [get("/csrf", { cookies: { csrf: csrfCookie("0".repeat(63) + "1") } })]),
  scenario("a CSRF cookie under another secret", [get("/csrf", { cookies: { csrf: csrfCookie("a".repeat(64), "another") } })]),
  scenario("a CSRF cookie without its hash", [get("/csrf", { cookies: { csrf: "a".repeat(64) } })]),
  scenario("an empty CSRF cookie", [get("/csrf", { cookies: { csrf: "" } })]),
  scenario("the cookies of https on http", [get("/session", { cookies: { "__Secure-next-auth.session-token": "garbage", "__Secure-authjs.session-token": "garbage" } })]),
  scenario("the cookies of http on https", [get("/session", { cookies: { "next-auth.session-token": "garbage", "authjs.session-token": "garbage" } })], { setup: "secure" }),

  scenario("unknown actions", [csrf(), get("/nothing"), post("/nothing", { form: {} }), get("/CSRF"), get("/session/extra")]),
  scenario("known actions with a wrong method", [
    csrf(),
    post("/csrf", { form: {} }),
    post("/providers", { form: {} }),
    post("/error", { form: {} }),
    post("/verify-request", { form: {} }),
    any("PUT", "/session"),
    any("DELETE", "/session"),
    any("PATCH", "/signin"),
    any("HEAD", "/session"),
    any("OPTIONS", "/session"),
  ]),
  scenario("the client's log", [
    post("/_log", { csrf: "none", form: { level: "error", code: "CLIENT_FETCH_ERROR", client: "true" } }),
    post("/_log", { csrf: "none", payload: { level: "error", code: "X" }, as: "as JSON" }),
    post("/_log", { csrf: "none", as: "empty" }),
    get("/_log"),
  ]),
  scenario("JSON asked for in the other generation's way", [
    csrf(),
    signIn("ada", { jsonMode: false, headers: { "x-auth-return-redirect": "1" }, as: "with the header" }),
    signIn("wrong", { jsonMode: false, headers: { "x-auth-return-redirect": "1" }, as: "with the header, refused" }),
  ], { only: PAGES_API }),
  scenario("JSON asked for by the field", [csrf(), signIn("ada", { jsonMode: false, form: as("ada", { json: "true", callbackUrl: "/" }) })], { only: ["auth-js-5"] }),
  scenario("JSON asked for in words that don't count", [
    csrf(),
    signIn("ada", { jsonMode: false, form: as("ada", { json: "1", callbackUrl: "/" }), as: "json=1" }),
    signIn("ada", { jsonMode: false, form: as("ada", { json: "false", callbackUrl: "/" }), as: "json=false" }),
    signIn("ada", { jsonMode: false, payload: as("ada", { json: true, callbackUrl: "/" }), form: undefined, as: "json: true, no string" }),
  ]),
  scenario("a redirect asked for as JSON by GET", [
    get("/error?error=CredentialsSignin", { headers: { "x-auth-return-redirect": "1" } }),
    get("/signin/login", { headers: { "x-auth-return-redirect": "1" } }),
  ], { only: ["auth-js-5"] }),

  scenario("bodies that are no form", [
    csrf(),
    post("/callback/login", { csrf: "none", as: "no body" }),
    post("/callback/login", { raw: { type: FORM, text: "" }, as: "an empty form" }),
    post("/callback/login", { raw: { type: "text/plain", text: "csrfToken=$csrf&email=ada@example.com&password=x" }, as: "a form as text" }),
    post("/callback/login", { raw: { type: "application/json", text: "{" }, as: "broken JSON" }),
    post("/callback/login", { raw: { type: "application/json", text: "[]" }, as: "a JSON list" }),
    post("/callback/login", { raw: { type: "application/json", text: '"text"' }, as: "a JSON string" }),
    post("/callback/login", { raw: { type: "multipart/form-data; boundary=x", text: '--x\r\ncontent-disposition: form-data; name="email"\r\n\r\na\r\n--x--\r\n' }, as: "a multipart form" }),
    post("/signout", { raw: { type: "text/plain", text: "csrfToken=$csrf" }, as: "a sign-out as text" }),
  ]),
  scenario("broken percent-encoding in a form", [
    csrf(),
    post("/callback/login", { raw: { type: FORM, text: "csrfToken=$csrf&email=ada%40example.com&password=%zz%&callbackUrl=%2Fdash" } }),
  ]),
  scenario("broken percent-encoding in a path", [csrf(), get("/error/%zz")]),
  scenario("a form with a charset", [
    csrf(),
    post("/signout", { raw: { type: `${FORM}; charset=UTF-8`, text: "csrfToken=$csrf&callbackUrl=%2Fbye" } }),
  ]),
  scenario("an error that comes twice", [csrf(), get("/error?error=AccessDenied&error=Verification")]),
  scenario("a body beyond the limit", [csrf(), post("/callback/login", { form: as("ada", { filler: "x".repeat(1_500_000) }) })], { only: PAGES_API }),
  scenario("forwarded headers from nobody in particular", [
    get("/providers", { headers: { "x-forwarded-host": "evil.test", "x-forwarded-proto": "https", forwarded: "host=evil.test" } }),
    get("/csrf", { headers: { "x-forwarded-host": "evil.test", "x-forwarded-proto": "https" } }),
  ]),
  scenario("another Host", [get("/providers", { headers: { host: "evil.test" } }), get("/csrf", { headers: { host: "evil.test" } })]),
];

// Reading, renewing, updating and ending a session.
import { CLAIMS, UPDATING, csrf, get, post, scenario, sealed, signIn } from "./steps.mjs";

const cutBy = (count) => async (tools) => (await sealed()(tools)).slice(0, -count);
const changedAt = (index) => async (tools) => {
  const token = await sealed()(tools);
  const at = index < 0 ? token.length + index : index;
  return token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
};

/** A long session in pieces of `size`, as `count` cookies and more. */
const inPieces = (size, more = () => ({})) => async (tools) => {
  const token = await sealed({ ...CLAIMS, accessToken: "y".repeat(6_000) })(tools);
  const pieces = token.match(new RegExp(`.{1,${size}}`, "g"));
  const cookies = Object.fromEntries(pieces.map((piece, index) => [`${tools.names.session}.${index}`, piece]));
  return { ...cookies, ...more(tools, pieces) };
};

export default [
  scenario("a browser without a session", [get("/session"), get("/session", { as: "again" }), get("/session?callbackUrl=/here")]),
  scenario("a session of the package's making", [
    get("/session", { cookies: { session: sealed() } }),
    get("/session", { as: "renewed" }),
  ]),
  scenario("a session without name, address and picture", [get("/session", { cookies: { session: sealed({ sub: "user-5" }) } })]),
  scenario("a session of the package's making, defaults", [get("/session", { cookies: { session: sealed() } })], { setup: "defaults" }),
  scenario("a session with a picture, defaults", [
    get("/session", { cookies: { session: sealed({ ...CLAIMS, picture: "https://cdn.test/ada.png" }) } }),
  ], { setup: "defaults" }),
  scenario("a session cookie of letters", [get("/session", { cookies: { session: "garbage" } })]),
  scenario("a session cookie of dots", [get("/session", { cookies: { session: "a.b.c.d.e" } })]),
  scenario("an empty session cookie", [get("/session", { cookies: { session: "" } })]),
  scenario("a session cookie with broken percent-encoding", [get("/session", { cookies: { session: { raw: "%zz%E0" } } })]),
  scenario("a session cookie cut short", [get("/session", { cookies: { session: cutBy(1) } })]),
  scenario("a session cookie cut in half", [get("/session", { cookies: { session: cutBy(120) } })]),
  scenario("a session cookie with a changed header", [get("/session", { cookies: { session: changedAt(8) } })]),
  scenario("a session cookie with a changed end", [get("/session", { cookies: { session: changedAt(-8) } })]),
  scenario("an expired session", [get("/session", { cookies: { session: sealed(CLAIMS, { maxAge: -60 }) } })]),
  scenario("a session under another secret", [
    get("/session", { cookies: { session: sealed(CLAIMS, { secret: "another-secret-0123456789abcdef0123" }) } }),
  ]),
  scenario("a session as a bearer token", [
    get("/session", { headers: { authorization: "Bearer token" }, as: "GET /session with Authorization" }),
  ]),
  scenario("a session in pieces", [
    get("/session", { cookies: inPieces(3_900) }),
    get("/session", { as: "in the server's own pieces" }),
    csrf(),
    post("/signout", { form: {}, jsonMode: true }),
    get("/session", { as: "after sign-out" }),
  ], { only: UPDATING }),
  scenario("a session with a stale piece", [
    get("/session", { cookies: inPieces(3_900, ({ names }, pieces) => ({ [`${names.session}.${pieces.length}`]: "stale" })) }),
  ], { only: UPDATING }),
  scenario("a session that lacks its first piece", [
    get("/session", { cookies: inPieces(3_900, ({ names }) => ({ [`${names.session}.0`]: null })) }),
  ], { only: UPDATING }),
  scenario("a large sign-in and a small one after it", [
    csrf(),
    signIn("large"),
    get("/session"),
    signIn("ada"),
    get("/session", { as: "small again" }),
  ], { only: UPDATING }),
  scenario("updating a session", [
    csrf(),
    signIn(),
    post("/session", { payload: { data: { name: "Ada L.", role: "owner" } } }),
    get("/session", { as: "afterwards" }),
    post("/session", { payload: { data: { accessToken: "stolen", email: "eve@example.com", sub: "user-9", exp: 1 } }, as: "with fields not allowed" }),
    get("/session", { as: "after those" }),
    post("/session", { payload: {}, as: "without data" }),
    post("/session", { payload: { data: null }, as: "with null" }),
    post("/session", { payload: { data: ["list"] }, as: "with a list" }),
  ], { only: UPDATING }),
  scenario("updating a session, defaults", [
    csrf(),
    signIn(),
    post("/session", { payload: { data: { name: "Eve" } } }),
    get("/session"),
  ], { only: UPDATING, setup: "defaults" }),
  scenario("updating without the right token", [
    csrf(),
    signIn(),
    post("/session", { csrf: "wrong", payload: { data: { name: "Eve" } } }),
    post("/session", { csrf: "none", payload: { data: { name: "Eve" } }, as: "no token" }),
    post("/session", { csrf: "none", as: "no body" }),
    get("/session"),
  ], { only: UPDATING }),
  scenario("updating without a session", [csrf(), post("/session", { payload: { data: { name: "Eve" } } })], { only: UPDATING }),
  scenario("updating in a generation that can't", [csrf(), post("/session", { payload: { data: { name: "Eve" } } })], { only: ["next-auth-3"] }),
  scenario("signing out by JSON", [
    csrf(),
    signIn(),
    post("/signout", { form: { callbackUrl: "http://localhost:4310/bye" }, jsonMode: true }),
    get("/session"),
  ]),
  scenario("signing out by form", [csrf(), signIn(), post("/signout", { form: {} }), get("/session")]),
  scenario("signing out without a session", [csrf(), post("/signout", { form: { callbackUrl: "/bye" }, jsonMode: true })]),
  scenario("signing out of a broken session", [
    csrf(),
    post("/signout", { cookies: { session: "garbage" }, form: {}, jsonMode: true }),
  ]),
  scenario("signing out without the right token", [
    csrf(),
    signIn(),
    post("/signout", { csrf: "wrong", form: { callbackUrl: "/bye" } }),
    post("/signout", { csrf: "wrong", form: { callbackUrl: "/bye" }, jsonMode: true, as: "by JSON" }),
    get("/session"),
  ]),
  scenario("signing out to a foreign site", [csrf(), signIn(), post("/signout", { form: { callbackUrl: "https://evil.test/x" }, jsonMode: true })]),
];

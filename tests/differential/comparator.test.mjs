// The comparator itself: it sees no difference where there is none, and every kind of difference where there is one.
import assert from "node:assert/strict";
import { describe as group, test } from "node:test";

import { startBackend } from "../reference/backend.mjs";
import { SETUPS } from "../reference/setups.mjs";
import { startReference } from "../reference/start.mjs";
import { compare } from "./compare.mjs";
import { Jar } from "./cookies.mjs";
import { csrfCookie, DIALECTS } from "./dialects.mjs";
import { observe } from "./observe.mjs";
import { runScript } from "./run.mjs";
import { settle } from "./settle.mjs";

group("two original servers answer alike", () => {
  for (const dialect of Object.keys(DIALECTS)) {
    test(dialect, { timeout: 180_000 }, async () => {
      const backend = await startBackend();
      const start = (setup) => startReference({ dialect, setup, backendUrl: backend.url });
      const servers = async (setup) => ({ reference: await start(setup), tested: await start(setup) });
      const { exchanges, differences } = await runScript({ dialect, servers }).finally(backend.stop);
      assert.ok(exchanges.length >= 70);
      assert.deepEqual(differences, []);
      assert.deepEqual(backend.faults, []);
    });
  }
});

test("two original servers with different pages do not answer alike", { timeout: 180_000 }, async () => {
  const backend = await startBackend();
  const start = (setup) => startReference({ dialect: "next-auth-4", setup, backendUrl: backend.url });
  const servers = async (setup) => ({ reference: await start(setup), tested: await start(setup === "main" ? "pages" : "main") });
  const { differences } = await runScript({ dialect: "next-auth-4", servers }).finally(backend.stop);
  const signInPage = differences.filter(({ exchange }) => exchange === "the sign-in page > GET /signin");
  assert.deepEqual(signInPage.map(({ field }) => field).sort(), ["body", "location", "status"]);
});

group("an altered answer is seen in its field", () => {
  const CSRF = "a".repeat(64);
  const dialect = DIALECTS["next-auth-4"];
  const names = dialect.cookies(false);
  const setup = SETUPS.main;
  const in30Days = new Date(Date.now() + 30 * 86_400_000).toUTCString();
  const seal = (claims, maxAge) => dialect.encode({ claims: { name: "Ada", sub: "1", ...claims }, maxAge });
  const sessionCookie = (token, more = "") => `${names.session}=${token}; Path=/; Expires=${in30Days}; HttpOnly; SameSite=Lax${more}`;
  const CSRF_COOKIE = `${names.csrf}=${encodeURIComponent(csrfCookie(CSRF))}; Path=/; HttpOnly; SameSite=Lax`;

  const answer = async () => ({
    status: 200,
    headers: { "content-type": "application/json", "cache-control": "no-store", location: "http://localhost:4310/a?b=1" },
    setCookies: [CSRF_COOKIE, sessionCookie(await seal())],
    body: JSON.stringify({ csrfToken: CSRF, user: { name: "Ada" }, expires: new Date(Date.now() + 1e6).toISOString(), url: "http://localhost:4310/x" }),
  });
  const look = (given) =>
    observe({ answer: given, request: { path: "/api/auth/csrf" }, names, dialect, setup, jar: new Jar() });
  /** Name of the change to the fields that must differ, and the change. */
  const changes = {
    "another status": ["status", (given) => (given.status = 302)],
    "a body of another type": ["body", (given) => (given.headers["content-type"] = "text/plain")],
    "another charset": ["content-type", (given) => (given.headers["content-type"] += "; charset=latin1")],
    "no cache rule": ["cache-control", (given) => delete given.headers["cache-control"]],
    "another cache rule": ["cache-control", (given) => (given.headers["cache-control"] = "private, no-cache, no-store")],
    "a pragma that allows storing": ["pragma", (given) => (given.headers.pragma = "x")],
    "an expiry in the future": ["expires", (given) => (given.headers.expires = in30Days)],
    "a redirect elsewhere": ["location", (given) => (given.headers.location = "http://localhost:4310/a?b=2")],
    "a new name in the body": ["body", (given) => (given.body = given.body.replace("Ada", "Eve"))],
    "a key more in the body": ["body", (given) => (given.body = given.body.replace("{", '{"more":null,'))],
    "another time in the body": ["body", (given) => (given.body = given.body.replace(/"\d{4}-/, '"2001-'))],
    "another address in the body": ["body", (given) => (given.body = given.body.replace("/x", "/y"))],
    "a CSRF token that is not the cookie's": ["body", (given) => (given.body = given.body.replace(CSRF, "b".repeat(64)))],
    "a CSRF cookie with a wrong hash": ["cookie csrf: value", (given) => (given.setCookies[0] = CSRF_COOKIE.replace(/.;/, "z;"))],
    "a cookie without HttpOnly": ["cookie csrf: attributes", (given) => (given.setCookies[0] = CSRF_COOKIE.replace("; HttpOnly", ""))],
    "a cookie with a domain": ["cookie csrf: attributes", (given) => (given.setCookies[0] += "; Domain=test")],
    "a cookie that is sent twice": ["cookie csrf: attributes", (given) => given.setCookies.push(CSRF_COOKIE), "cookie csrf: value"],
    "a cookie that lives longer": [
      "cookie session: attributes",
      (given) => (given.setCookies[1] = given.setCookies[1].replace(in30Days, new Date(Date.now() + 1e9).toUTCString())),
    ],
    "a claim more in the token": ["cookie session: token", async (given) => (given.setCookies[1] = sessionCookie(await seal({ role: "x" })))],
    "a token that lives shorter": ["cookie session: token", async (given) => (given.setCookies[1] = sessionCookie(await seal({}, 60)))],
    "a token under another secret": [
      "cookie session: token",
      async (given) => (given.setCookies[1] = sessionCookie(await dialect.encode({ claims: { sub: "1" }, secret: "another" }))),
    ],
  };

  for (const [name, [field, change, ...more]] of Object.entries(changes)) {
    test(name, async () => {
      const altered = await answer();
      await change(altered);
      const found = compare(await look(await answer()), await look(altered)).map((difference) => difference.field);
      assert.deepEqual(found.sort(), [field, ...more].sort());
    });
  }

  test("headers against storing are nothing where the original has none", async () => {
    const altered = await answer();
    Object.assign(altered.headers, { pragma: "no-cache", expires: "0" });
    assert.deepEqual(compare(await look(await answer()), await look(altered)), []);
  });

  test("no answer at all", async () => {
    assert.deepEqual(compare(await look(await answer()), await look(undefined)).map(({ field }) => field), ["answer"]);
  });

  const page = (form) => ({ status: 200, headers: { "content-type": "text/html" }, setCookies: [], body: `<p>x</p>${form}` });
  const FORM = '<form action="/in" method="POST"><input type="hidden" name="k"/><input name="email" id="e" type="email"/></form>';
  const pages = async (form) => compare(await look(page(FORM)), await look(page(form))).length;

  test("a page with its form missing, sent elsewhere, or without a field; more fields are nothing", async () => {
    assert.equal(await pages(FORM), 0);
    assert.equal(await pages(FORM.replace("</form>", '<input name="more"></form><form action="/up"></form>')), 0);
    assert.equal(await pages(""), 1);
    assert.equal(await pages(FORM.replace("/in", "/elsewhere")), 1);
    assert.equal(await pages(FORM.replace("POST", "GET")), 1);
    assert.equal(await pages(FORM.replace('name="email"', 'name="mail"')), 1);
    assert.equal(await pages(FORM.replace('id="e"', 'id="f"')), 1);
  });
});

group("an allowance", () => {
  const difference = { exchange: "a > GET /x", field: "status", reference: 200, tested: 400 };
  const allowance = { exchange: "a > GET /x", field: "status", reason: "said so" };

  test("explains its own difference", () => {
    assert.deepEqual(settle([difference], [allowance]), { unexplained: [], unused: [] });
  });
  test("explains no other field and no other exchange", () => {
    const others = [{ ...difference, field: "body" }, { ...difference, exchange: "a > GET /y" }];
    assert.deepEqual(settle(others, [allowance]), { unexplained: others, unused: [allowance] });
  });
  test("has a reason and stands there once", () => {
    assert.throws(() => settle([], [{ ...allowance, reason: "" }]));
    assert.throws(() => settle([], [allowance, allowance]));
  });
});

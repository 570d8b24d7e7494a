// E-mail links against the original servers: the same requests to both, which send through the same mail server.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { DIALECTS } from "../differential/dialects.mjs";
import { startExim } from "../support/exim.mjs";
import { startKeyward } from "../support/keyward.mjs";
import { openedThings } from "../support/opened.mjs";
import { startOriginal } from "./original.mjs";
import { emailProvider, linkIn, NO_LIMITS, person } from "./setup.mjs";

const ORIGIN = "http://localhost:4310";
const BASE = `${ORIGIN}/api/auth`;

/** Where Keyward differs on purpose, with the reason; see `docs/deviations.md`. */
const CODE = "code says which step failed";
const PLACE = "generation 3's links carry the place to go too, for browsers without its cookie";
const STRICT = "no address that two programs could read differently";
const ALLOWED = {
  "next-auth-3": {
    "the link": PLACE,
    "following a later link first": PLACE,
    "following the first link": PLACE,
    "asking with nothing": CODE,
    "asking with nothing, by JSON": CODE,
    "asking with two @": STRICT,
    "asking with quotes": STRICT,
    "asking without a dot": STRICT,
    "asking with two addresses": STRICT,
    "asking for what the mail server refuses": CODE,
    "asking for what the mail server refuses, by JSON": CODE,
  },
  "next-auth-4": {
    "asking with nothing": CODE,
    "asking with nothing, by JSON": CODE,
    "asking with two @": CODE,
    "asking with quotes": CODE,
    "asking without a dot": CODE,
    "asking with two addresses": STRICT,
    "asking for what the mail server refuses": CODE,
    "asking for what the mail server refuses, by JSON": CODE,
  },
  "auth-js-5": {
    "asking with nothing": CODE,
    "asking with nothing, by JSON": CODE,
    "asking with two @": CODE,
    "asking with quotes": CODE,
    "asking without a dot": STRICT,
    "asking with two addresses": STRICT,
    "asking for what the mail server refuses": CODE,
    "asking for what the mail server refuses, by JSON": CODE,
  },
};

/** Everything that a person does with links at one server, each exchange by its name. */
async function observations({ dialect, url, exim, name }) {
  const observed = {};
  const email = `${name}@example.com`;
  const plain = (text) => text?.replaceAll(name, "PERSON").replaceAll(/[0-9a-f]{64}/g, "TOKEN");
  const { jsonField, jsonHeader } = DIALECTS[dialect];
  const someone = () => person(`${url}/api/auth`);
  const note = async (what, answer) => {
    const text = await answer.text();
    const json = /^application\/json/.test(answer.headers.get("content-type")) ? JSON.parse(text) : undefined;
    observed[what] = { status: answer.status, location: plain(answer.headers.get("location")), url: plain(json?.url) };
  };
  const asks = async (what, fields, { json = false, as = someone() } = {}) => {
    const { csrfToken } = await (await as.get("/csrf")).json();
    const body = new URLSearchParams({ csrfToken, callbackUrl: `${ORIGIN}/dash?a=1`, ...fields });
    if (json && jsonField) body.append(...jsonField);
    const headers = json ? jsonHeader : {};
    await note(what, await as.send(`${url}/api/auth/signin/email`, { method: "POST", body, headers }));
    return as;
  };
  const link = async (count) => linkIn(await exim.mail(email, count)).replace(ORIGIN, url);
  const follows = async (what, address, as = someone()) => {
    await note(what, await as.get(address));
    const session = await as.session();
    observed[`the session after ${what}`] = JSON.parse(plain(JSON.stringify({ ...session, expires: undefined })));
    return as;
  };

  await asks("asking by a form", { email });
  await asks("asking as the client does", { email: email.toUpperCase() }, { json: true });
  const [first, second] = [await link(1), await link(2)];
  observed["the link"] = plain(first.replace(url, ORIGIN));

  const broken = (change) => {
    const address = new URL(first);
    change(address.searchParams);
    return address.href;
  };
  await follows("following it with another token", broken((query) => query.set("token", "0".repeat(64))));
  await follows("following it with another address", broken((query) => query.set("email", "x@example.com")));
  await follows("following it with the address in capitals", broken((query) => query.set("email", email.toUpperCase())));
  await follows("following it without a token", broken((query) => query.delete("token")));
  await follows("following it without an address", broken((query) => query.delete("email")));
  await follows("following a later link first", second);
  await follows("following the first link", first);
  await follows("following it again", first);

  await asks("asking for a third", { email, callbackUrl: `${ORIGIN}/third` });
  const third = new URL(await link(3));
  third.searchParams.set("callbackUrl", "https://evil.test/");
  await follows("following a link with a foreign place to go", third.href);

  await note("the page after asking", await someone().get("/verify-request?provider=email&type=email"));
  await asks("asking without the form's token", { email, csrfToken: "" });
  await asks("asking with nothing", { email: "" });
  await asks("asking with nothing, by JSON", { email: "" }, { json: true });
  await asks("asking with two @", { email: `${name}@x@y.example` });
  await asks("asking with quotes", { email: `"${name}"@y.example` });
  await asks("asking without a dot", { email: `${name}@localhost` });
  await asks("asking with two addresses", { email: `${name}@x.example,${name}@y.example` });
  await asks("asking for what the mail server refuses", { email: "nobody@example.com" });
  await asks("asking for what the mail server refuses, by JSON", { email: "nobody@example.com" }, { json: true });
  return observed;
}

for (const [dialect, allowed] of Object.entries(ALLOWED)) {
  describe(`links by mail against the original, ${dialect}`, () => {
    const opened = openedThings();
    let expected;
    let actual;

    before(async () => {
      const exim = await opened.add(startExim(), (exim) => exim.stop());
      const original = await opened.add(startOriginal({ dialect, origin: ORIGIN, mailPort: exim.port }), (server) => server.stop());
      const config = { public_url: ORIGIN, dialect, limits: NO_LIMITS, providers: [emailProvider(exim)] };
      const keyward = await opened.add(startKeyward({ config }), (keyward) => keyward.stop());
      expected = await observations({ dialect, url: original.url, exim, name: "original" });
      actual = await observations({ dialect, url: keyward.url, exim, name: "keyward" });
    });
    after(() => opened.close());

    test("C1 every exchange has the original's status, place and session, but for those that differ on purpose", () => {
      const names = Object.keys(expected);
      assert.ok(names.length > 30 && names.every((name) => name in actual), names.join(", "));
      const differing = names.filter((name) => JSON.stringify(expected[name]) !== JSON.stringify(actual[name]));
      const unexplained = differing.filter((name) => !allowed[name]);
      const told = unexplained.map((name) => `\n  ${name}\n    original: ${JSON.stringify(expected[name])}\n    Keyward:  ${JSON.stringify(actual[name])}`);
      assert.equal(unexplained.length, 0, told.join(""));
      assert.deepEqual(Object.keys(allowed).filter((name) => !differing.includes(name)), [], "each allowance is needed");
    });

    test("what differs by a code differs in nothing else", () => {
      const without = (text) => text?.replace(/&code=(invalid_email|mail_not_sent)$/, "");
      for (const name of Object.keys(allowed).filter((name) => allowed[name] === CODE)) {
        const { status, location, url } = actual[name];
        assert.deepEqual({ status, location: without(location), url: without(url) }, expected[name], name);
      }
    });
  });
}

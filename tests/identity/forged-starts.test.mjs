// Starts of a sign-in that no page of the application asked for: refused as the original refuses them, word for word.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { DIALECTS, csrfCookie } from "../differential/dialects.mjs";
import { startKeyward } from "../support/keyward.mjs";
import { openedThings } from "../support/opened.mjs";
import { startOriginal } from "./originals/start.mjs";
import { forKeyward, forNextAuth, startFakes } from "./providers.mjs";
import { Visitor } from "./visitor.mjs";

const ORIGIN = "http://localhost:4310";
const OTHER = "0".repeat(63) + "1";

/** What comes as the token, and what as its cookie (none: the browser's own), for a browser whose token is `own`. */
const FORGERIES = {
  "no token": () => ({}),
  "a wrong token": () => ({ token: "wrong" }),
  "a token in the address alone": (own) => ({ query: `?csrfToken=${own}` }),
  "another browser's token": () => ({ token: OTHER }),
  "another browser's cookie": (own) => ({ token: own, cookie: csrfCookie(OTHER) }),
  "a cookie made up": () => ({ token: OTHER, cookie: `${OTHER}|${"b".repeat(64)}` }),
};

for (const [dialect, { cookies, jsonField, jsonHeader }] of Object.entries(DIALECTS)) {
  describe(`forged starts as ${dialect}`, () => {
    const opened = openedThings();
    const names = cookies(false);
    const servers = {};
    let fakes;
    before(async () => {
      fakes = await startFakes(opened, { ids: ["github", "google"], origin: ORIGIN });
      const stop = (server) => server.stop();
      servers.original = await opened.add(startOriginal({ dialect, origin: ORIGIN, providers: forNextAuth(fakes) }), stop);
      const config = { public_url: ORIGIN, dialect, providers: forKeyward(fakes) };
      servers.keyward = await opened.add(startKeyward({ config }), stop);
    });
    after(() => opened.close());

    /** What a server answers to a start at `provider`, and whether anything was begun. */
    async function started(server, provider, forge, asJson) {
      const visitor = new Visitor({ origin: ORIGIN, url: server.url });
      const { csrfToken } = await (await visitor.send("/api/auth/csrf")).json();
      const { token, cookie, query = "" } = forge(csrfToken);
      if (cookie) visitor.put(names.csrf, encodeURIComponent(cookie));
      const form = new URLSearchParams({ callbackUrl: "/dash", ...(token && { csrfToken: token }) });
      if (asJson && jsonField) form.append(...jsonField);
      const headers = asJson ? jsonHeader : {};
      const asked = Object.values(fakes).flatMap(({ requests }) => requests).length;
      const response = await visitor.send(`/api/auth/signin/${provider}${query}`, { method: "POST", headers, body: form });
      return {
        status: response.status,
        address: asJson ? (await response.json()).url : new URL(response.headers.get("location"), ORIGIN).href,
        begun: visitor.cookies.filter((name) => ![names.csrf, names.callback].includes(name)).length > 0,
        providersAsked: Object.values(fakes).flatMap(({ requests }) => requests).length > asked,
      };
    }

    for (const provider of ["github", "google"]) {
      for (const asJson of [true, false]) {
        const how = `at ${provider} ${asJson ? "by the client" : "by a form"}`;
        for (const [what, forge] of Object.entries(FORGERIES)) {
          test(`${what} begins nothing ${how}`, async () => {
            const [theirs, ours] = [
              await started(servers.original, provider, forge, asJson),
              await started(servers.keyward, provider, forge, asJson),
            ];
            assert.deepEqual(ours, theirs);
            const page = dialect === "auth-js-5" ? "error=MissingCSRF" : "csrf=true";
            const address = `${ORIGIN}/api/auth/signin?${page}`;
            assert.deepEqual(ours, { status: asJson ? 200 : 302, address, begun: false, providersAsked: false });
          });
        }
        test(`the browser's own token begins a sign-in ${how}`, async () => {
          for (const server of Object.values(servers)) {
            const { address, begun } = await started(server, provider, (own) => ({ token: own }), asJson);
            assert.ok(begun && address.startsWith(fakes[provider].url), address);
          }
        });
      }
    }
  });
}

// No address of the corpus leads anybody off our origins, however it is sent, whatever is asked with it.
import assert from "node:assert/strict";
import http from "node:http";
import { after, before, describe, test } from "node:test";

import { startChromium } from "../support/chromium.mjs";
import { startKeyward } from "../support/keyward.mjs";
import { openedThings } from "../support/opened.mjs";
import { CARRIERS, LISTED, OWN, hostileCallbackUrls, placesOf, strays } from "./callback-urls.mjs";

const AT_A_TIME = 16;
const CALLBACK_COOKIE = {
  "next-auth-3": "__Secure-next-auth.callback-url",
  "next-auth-4": "__Secure-next-auth.callback-url",
  "auth-js-5": "__Secure-authjs.callback-url",
};
/** What is asked: posted with everything that it needs to succeed, or looked at. */
const POSTED = { "sign-in": "signin/login", callback: "callback/login", "sign-out": "signout" };
/** Where the provider would ask the person, and the carriers that are taken there: the way is long. */
const AUTHORIZE = "https://idp.test/authorize?";
const PROVIDER_CARRIERS = ["form", "cookie"];
const LOOKED_AT = { "sign-in page": "signin", "sign-out page": "signout", session: "session" };

describe("hostile callback addresses", () => {
  const opened = openedThings();
  const seen = new Set();
  let corpus, backend;
  before(async () => {
    corpus = await hostileCallbackUrls();
    backend = await opened.add(startBackend(), (server) => server.close());
  });
  after(() => opened.close());

  test("the corpus has at least 400", () => {
    assert.ok(corpus.length >= 400, `${corpus.length}`);
  });

  for (const dialect of Object.keys(CALLBACK_COOKIE)) {
    describe(`with ${dialect}`, () => {
      const here = openedThings();
      let ask;
      before(async () => {
        const keyward = await here.add(startKeyward({ config: configuration(dialect, backend) }), (keyward) => keyward.stop());
        const agent = await here.add(new http.Agent({ keepAlive: true, maxSockets: AT_A_TIME }), (agent) => agent.destroy());
        ask = asker({ keyward, agent, dialect, csrf: await csrfOf(keyward) });
      });
      after(() => here.close());

      for (const [action, path] of Object.entries(POSTED)) {
        for (const [carrier, carry] of Object.entries(CARRIERS)) {
          test(`c6 lesson_3 lesson_6 none leads away after a ${action}, sent as ${carrier}`, async () => {
            const landed = await ask({ method: "POST", path, ...carry(Buffer.from(`${OWN}/dash`)) });
            assert.ok(keeps(landed, action, `${OWN}/dash`), `a sound address is kept: ${landed.status} ${landed.text}`);
            for (const wantsJson of carrier.endsWith("as it stands") ? [false] : [false, true]) {
              await each(corpus, async ({ line, bytes }) => {
                const answer = await ask({ method: "POST", path, wantsJson, ...carry(bytes) });
                judge(answer, line);
              });
            }
          });
        }
      }

      for (const [carrier, carry] of Object.entries(CARRIERS).filter(([carrier]) => PROVIDER_CARRIERS.includes(carrier))) {
        test(`c6 lesson_3 lesson_6 none leads away after a sign-in at a provider, begun with it as ${carrier}`, async () => {
          assert.deepEqual(await throughProvider({ line: "a sound address", bytes: Buffer.from(`${OWN}/dash`) }), `${OWN}/dash`);
          await each(corpus, throughProvider);

          /** There and back, with the address remembered on the way; says where it ends. */
          async function throughProvider({ line, bytes }) {
            const begun = await ask({ method: "POST", path: "signin/idp", ...carry(bytes) });
            const away = begun.places.find((place) => place.startsWith(AUTHORIZE));
            judge({ ...begun, places: begun.places.filter((place) => place !== away) }, line);
            if (!away) return assert.equal(begun.status, 400, `${line}: ${begun.status}`);
            const { searchParams } = new URL(away);
            assert.equal(searchParams.get("redirect_uri"), `${OWN}/api/auth/callback/idp`);
            const path = `callback/idp?code=c&state=${encodeURIComponent(searchParams.get("state"))}`;
            const arrived = await ask({ method: "GET", path, cookies: begun.cookies, cookie: CARRIERS.cookie(bytes).cookie });
            judge(arrived, line);
            return arrived.location;
          }
        });
      }

      for (const [what, path] of Object.entries(LOOKED_AT)) {
        test(`c6 lesson_3 lesson_6 none stands in the ${what}, sent as query or cookie`, async () => {
          for (const carry of [CARRIERS.query, CARRIERS["query, as it stands"], CARRIERS.cookie, CARRIERS["cookie, as it stands"]]) {
            await each(corpus, async ({ line, bytes }) => judge(await ask({ method: "GET", path, ...carry(bytes) }), line));
          }
        });
      }
    });
  }

  test("c6 Chromium finds none of the places that were given off our origins", async () => {
    assert.ok(seen.size > 20, `${seen.size}`);
    const chromium = await startChromium();
    try {
      const page = await chromium.newPage();
      const strayed = await page.evaluate(resolved, { places: [...seen], from: `${OWN}/api/auth/signin`, origins: [OWN, LISTED] });
      assert.deepEqual(strayed, []);
      const away = { places: ["//evil.test", "/\\evil.test", "/\t/evil.test"], from: `${OWN}/x`, origins: [OWN] };
      assert.equal((await page.evaluate(resolved, away)).length, 3, "it would find them");
    } finally {
      await chromium.close();
    }
  });

  test("a place that is off our origins is told", () => {
    const foreign = ["https://evil.test", "//evil.test", "/\\evil.test", "http://app.test/", "https://app.test:444/", "https://a@app.test/", "https://app.test@evil.test", "javascript:alert(1)", "https:/app.test/", "https:app.test", "/ü"];
    for (const place of foreign) assert.ok(strays(place, `${OWN}/api/auth/signin`), place);
    const ours = [OWN, `${OWN}/x?y#z`, `${OWN}:443/`, `${LISTED}/x`, "/x", "/api/auth/signin?error=x"];
    for (const place of ours) assert.equal(strays(place, `${OWN}/api/auth/signin`), undefined, place);
  });

  function judge({ status, path, places }, line) {
    assert.ok(status >= 200 && status < 500, `${line}: status ${status}`);
    for (const place of places) {
      assert.equal(strays(place, `${OWN}/api/auth/${path}`), undefined, `${line}: ${place}`);
      seen.add(place);
    }
  }
});

/** Runs in the page: where the browser itself would go from each of `places`. */
function resolved({ places, from, origins }) {
  const base = document.head.appendChild(document.createElement("base"));
  base.href = from;
  const link = document.createElement("a");
  return places.filter((place) => {
    link.href = place;
    return !origins.includes(link.origin) || link.username !== "" || link.password !== "";
  });
}

/** Whether the answer leads to `place`; where credentials are asked for first, it remembers it or leaves it remembered. */
function keeps({ places }, action, place) {
  return places.includes(place) || (action === "sign-in" && places.join() === `${OWN}/api/auth/signin`);
}

function configuration(dialect, backend) {
  const url = `http://127.0.0.1:${backend.address().port}`;
  return {
    dialect,
    public_url: OWN,
    allowed_origins: [LISTED],
    providers: [
      { id: "login", type: "backend", name: "Login", endpoint: `${url}/login`, fields: [{ name: "email" }] },
      {
        id: "idp",
        type: "oauth",
        name: "Provider",
        client_id: "keyward",
        client_secret: "a-secret-of-the-test",
        authorization_endpoint: AUTHORIZE.slice(0, -1),
        token_endpoint: `${url}/token`,
        userinfo_endpoint: `${url}/user`,
        profile: { id: "id", name: "name", email: "email" },
      },
    ],
  };
}

/** Back end and provider in one: whoever asks is told of Ada. */
async function startBackend() {
  const user = { id: "7", name: "Ada", email: "ada@example.com" };
  const token = { access_token: "a-token", token_type: "Bearer" };
  const server = http.createServer((request, response) => {
    const body = JSON.stringify(request.url === "/token" ? token : user);
    request.resume().on("end", () => response.setHeader("content-type", "application/json").end(body));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

async function csrfOf(keyward) {
  const answer = await fetch(`${keyward.url}/api/auth/csrf`);
  const cookie = answer.headers.getSetCookie().find((line) => line.includes("csrf-token")).split(";")[0];
  return { cookie, token: (await answer.json()).csrfToken };
}

/** Sends one request as the carriers describe it, with a CSRF token that holds and what the sign-in asks for. */
function asker({ keyward, agent, dialect, csrf }) {
  const { hostname, port } = new URL(keyward.url);
  return ({ method, path, query, cookie, cookies = [], type, body, wantsJson = false }) => {
    const posted = method === "POST" && contentOf({ type, body, csrf, wantsJson });
    const options = {
      agent,
      hostname,
      port,
      method,
      path: `/api/auth/${path}${query === undefined ? "" : `?callbackUrl=${query}`}`,
      headers: {
        cookie: [csrf.cookie, ...cookies, ...(cookie === undefined ? [] : [`${CALLBACK_COOKIE[dialect]}=${cookie}`])].join("; "),
        ...(posted && { "content-type": posted.type, "content-length": Buffer.byteLength(posted.body) }),
        ...(wantsJson && { "x-auth-return-redirect": "1" }),
      },
    };
    return new Promise((resolve, reject) => {
      const request = http.request(options, async (response) => {
        try {
          const text = Buffer.concat(await response.toArray()).toString();
          const { statusCode: status, headers, rawHeaders } = response;
          const cookies = (headers["set-cookie"] ?? []).map((line) => line.split(";")[0]).filter((cookie) => cookie.includes(".attempt."));
          resolve({ status, path, text, cookies, location: headers.location, places: placesOf({ headers, rawHeaders, text }) });
        } catch (error) {
          reject(error);
        }
      });
      request.on("error", reject).end(posted?.body);
    });
  };
}

function contentOf({ type = "application/x-www-form-urlencoded", body, csrf, wantsJson }) {
  const fields = { csrfToken: csrf.token, email: "ada@example.com", ...(wantsJson && { json: "true" }) };
  if (type === "application/json") return { type, body: `${JSON.stringify(fields).slice(0, -1)},${body.slice(1)}` };
  return { type, body: [new URLSearchParams(fields), body].filter(Boolean).join("&") };
}

/** Does `work` with each of `items`, some at a time. */
async function each(items, work) {
  const waiting = items.values();
  const worker = async () => {
    for (const item of waiting) await work(item);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
}

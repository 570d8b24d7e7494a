// Tokens and cookies in both directions between a server and the real package of its generation.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { Jar } from "../differential/cookies.mjs";
import { send } from "../differential/http.mjs";
import { ADA, startBackend } from "../reference/backend.mjs";
import { SETUPS } from "../reference/setups.mjs";
import { SECRET } from "../support/keyward.mjs";
import { PACKAGES, serverSession } from "./packages.mjs";

const CLAIMS = {
  name: "Ädá Løvelace 🧮",
  email: "ada@example.com",
  picture: "https://cdn.test/ada.png",
  sub: "user-1",
  role: "admin",
  accessToken: "back-end-token",
  nested: { list: [1, 2.5, "three", null, true], empty: {} },
};
const OLD = "the-secret-before-the-rotation-0123456789";
// Claims that are of the moment, or say how and when their person signed in.
const TIMED = ["iat", "exp", "jti", "sid", "seen", "amr", "auth_time"];
const without = (claims, names) => Object.fromEntries(Object.entries(claims).filter(([name]) => !names.includes(name)));

/**
 * Declares the tests for one dialect. `start({setup, backendUrl, secret})` starts the server,
 * `empty` is the body of `GET session` for a browser that is not signed in.
 */
export function interop({ what, dialect, start }) {
  const pack = PACKAGES[dialect];
  const empty = dialect === "auth-js-5" ? null : {};

  for (const [setup, secure] of [["main", false], ["secure", true]]) {
    describe(`${what}, ${dialect}, ${secure ? "https" : "http"}`, { timeout: 60_000 }, () => {
      const name = pack.cookieName(secure);
      let backend;
      let server;
      const browser = () => new Browser(server, SETUPS[setup]);
      before(async () => {
        backend = await startBackend();
        server = await start({ dialect, setup, backendUrl: backend.url });
      });
      after(async () => {
        await server?.stop();
        await backend.stop();
      });

      test("C4: a cookie that the package made is a session, and keeps all its claims", async () => {
        const one = browser();
        one.jar.set(name, await pack.encode({ claims: CLAIMS, name }));
        const session = await one.session();
        assert.equal(session.user.name, CLAIMS.name);
        assert.equal(session.user.email, CLAIMS.email);
        assert.equal(session.user.image, CLAIMS.picture);
        assert.equal(session.user.role, "admin");
        assert.equal(session.accessToken, "back-end-token");
        const renewed = await pack.decode({ token: one.jar.get(name).value, name });
        assert.deepEqual(without(renewed, TIMED), CLAIMS);
      });

      test("C4: a cookie that the server made opens with decode and getToken, from cookie and Bearer", async () => {
        const one = browser();
        await one.signIn("ada");
        const token = one.jar.get(name).value;
        const expected = { name: ADA.name, email: ADA.email, sub: ADA.id, role: ADA.role, accessToken: ADA.accessToken };
        const holds = (claims) => assert.deepEqual(without(claims, [...TIMED, "picture"]), expected);
        holds(await pack.decode({ token, name }));
        holds(await pack.getToken({ cookie: one.jar.header() }, { secure }));
        holds(await pack.getToken({ authorization: `Bearer ${encodeURIComponent(token)}` }, { secure }));
        assert.equal(await pack.getToken({ cookie: one.jar.header() }, { secure, raw: true }), token);
      });

      test("a cookie that the server made lives for the session's time", async () => {
        const one = browser();
        await one.signIn("ada");
        const { iat, exp } = await pack.decode({ token: one.jar.get(name).value, name });
        assert.ok(Math.abs(iat - Date.now() / 1_000) < 30);
        assert.equal(exp - iat, SETUPS[setup].maxAge);
      });

      if (pack.pieceSize) {
        for (const [size, which] of [[pack.pieceSize, "as long as the package makes them"], [700, "more than ten of them, in falling order"]]) {
          test(`pieces are a session: ${which}`, async () => {
            const claims = { ...CLAIMS, filler: "x".repeat(6_000) };
            const token = await pack.encode({ claims, name });
            const pieces = token.match(new RegExp(`.{1,${size}}`, "g"));
            const one = browser();
            [...pieces.entries()].reverse().forEach(([index, piece]) => one.jar.set(`${name}.${index}`, piece));
            assert.equal((await one.session()).user.name, CLAIMS.name);
            assert.deepEqual(without(await pack.getToken({ cookie: one.jar.header() }, { secure }), TIMED), claims);
          });
        }

        test("pieces that the server made open with getToken, and go when the session is small again", async () => {
          const one = browser();
          await one.signIn("large");
          assert.equal(one.jar.get(name), undefined);
          assert.equal(one.jar.get(`${name}.0`).value.length, pack.pieceSize);
          const claims = await pack.getToken({ cookie: one.jar.header() }, { secure });
          assert.equal(claims.accessToken, "x".repeat(6_000));
          await one.signIn("ada");
          assert.equal(one.jar.get(`${name}.0`), undefined);
          assert.equal((await pack.getToken({ cookie: one.jar.header() }, { secure })).sub, ADA.id);
        });
      }

      test("a token under another secret, or of another generation, is no session and goes", async () => {
        const foreign = await pack.encode({ claims: CLAIMS, secret: OLD, name });
        const others = Object.entries(PACKAGES).filter(([other]) => other !== dialect);
        const tokens = [foreign, ...(await Promise.all(others.map(([, other]) => other.encode({ claims: CLAIMS, name }))))];
        for (const token of tokens) {
          const one = browser();
          one.jar.set(name, token);
          assert.deepEqual(await one.session(), empty);
          assert.equal(one.jar.get(name), undefined);
        }
      });

      if (dialect === "next-auth-4" && !secure) {
        test("C4: getServerSession reads the server's cookie, and the server reads the one that it writes", async () => {
          const one = browser();
          await one.signIn("ada");
          const { session, setCookies } = await serverSession(one.jar.header());
          assert.equal(session.user.name, ADA.name);
          assert.equal(session.user.email, ADA.email);
          one.jar.store(setCookies);
          assert.equal((await one.session()).user.role, ADA.role);
        });
      }
    });
  }

  if (dialect === "auth-js-5") {
    describe(`${what}, ${dialect}, two secrets`, { timeout: 60_000 }, () => {
      test("a token of the old secret is a session, and is renewed with the new one", async () => {
        const backend = await startBackend();
        const server = await start({ dialect, setup: "main", backendUrl: backend.url, secret: [SECRET, OLD] });
        try {
          const name = pack.cookieName(false);
          const one = new Browser(server, SETUPS.main);
          one.jar.set(name, await pack.encode({ claims: CLAIMS, secret: OLD, name }));
          assert.equal((await one.session()).user.name, CLAIMS.name);
          assert.equal((await pack.decode({ token: one.jar.get(name).value, secret: SECRET, name })).sub, "user-1");
        } finally {
          await server.stop();
          await backend.stop();
        }
      });
    });
  }
}

/** A browser that knows how to sign in; requests carry the public host, whatever port the server has. */
class Browser {
  jar = new Jar();

  constructor(server, setup) {
    this.server = server;
    this.setup = setup;
  }

  session() {
    return this.#ask("GET", "/session");
  }

  async signIn(who) {
    const { csrfToken } = await this.#ask("GET", "/csrf");
    const fields = { email: `${who}@example.com`, password: "correct horse", csrfToken, callbackUrl: "/", json: "true" };
    const { url } = await this.#ask("POST", "/callback/login", new URLSearchParams(fields).toString());
    assert.equal(new URL(url).searchParams.get("error"), null);
  }

  async #ask(method, path, form) {
    const cookie = this.jar.header();
    const answer = await send({
      url: this.server.url,
      method,
      path: this.setup.basePath + path,
      headers: {
        host: new URL(this.setup.origin).host,
        ...(cookie && { cookie }),
        ...(form && {
          "content-type": "application/x-www-form-urlencoded",
          "content-length": Buffer.byteLength(form),
          "x-auth-return-redirect": "1",
        }),
      },
      body: form,
    });
    assert.equal(answer?.status, 200, `${method} ${path}: ${answer?.body}`);
    this.jar.store(answer.setCookies);
    return JSON.parse(answer.body);
  }
}

// A mail server that is down, silent or hangs up: the person is told that the mail was not sent and can ask again, the log
// has one line with the cause, nobody is signed in, and nothing stays but the ticket of a link that nobody got.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { after, before, describe, test } from "node:test";

import { Visitor } from "../identity/visitor.mjs";
import { freePort } from "../support/child.mjs";
import { startExim } from "../support/exim.mjs";
import { startKeyward } from "../support/keyward.mjs";
import { openedThings } from "../support/opened.mjs";
import { changes, rowsOf, told, troubleIn } from "../support/trouble.mjs";
import { emailProvider, linkIn, NO_LIMITS } from "./setup.mjs";

const TIMEOUT_S = 2;

/** Where NextAuth sends the browser, by generation. */
const ERRORS = { "next-auth-3": "EmailSignin", "next-auth-4": "EmailSignin", "auth-js-5": "Configuration" };

/** What becomes of a connection to the mail server, and the cause that the log names. */
const BREAKDOWNS = {
  "is down": [undefined, /^the mail was not sent: no connection to localhost:\d+: .+/],
  "is silent": [() => {}, /^the mail was not sent: localhost:\d+ did not (answer in time|take it within 2s)$/],
  "hangs up": [(socket) => socket.destroy(), /^the mail was not sent: (no connection to|the conversation broke off with) localhost:\d+: .+/],
};

/** Stands before a mail server, at a port of its own. `breakDown(behaviour)` (none: closes the port), `recover()`. */
async function startGate(target) {
  const sockets = new Set();
  const pass = (socket) => {
    const onwards = connect(target, "127.0.0.1").on("error", () => socket.destroy());
    socket.on("close", () => onwards.destroy()).pipe(onwards).pipe(socket);
  };
  let behave = pass;
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}).on("close", () => sockets.delete(socket)));
    behave(socket);
  });
  const listen = (port) => once(server.listen(port, "127.0.0.1"), "listening");
  const hangUp = () => sockets.forEach((socket) => socket.destroy());
  const stop = async () => {
    hangUp();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  const port = await freePort();
  await listen(port);
  return {
    port,
    stop,
    async breakDown(behaviour) {
      hangUp();
      if (!behaviour) return stop();
      behave = behaviour;
    },
    async recover() {
      hangUp();
      behave = pass;
      if (!server.listening) await listen(port);
    },
  };
}

/** Asks for a link: the address that the browser is sent to. */
async function ask(visitor, email) {
  const { csrfToken } = await (await visitor.send("/api/auth/csrf")).json();
  const response = await visitor.send("/api/auth/signin/email", {
    method: "POST",
    body: new URLSearchParams({ csrfToken, callbackUrl: "/", email }),
  });
  assert.equal(response.status, 302);
  return response.headers.get("location");
}

for (const [dialect, error] of Object.entries(ERRORS)) {
  describe(`a mail server that breaks down, ${dialect}`, () => {
    const opened = openedThings();
    let exim;
    let gate;
    let keyward;
    before(async () => {
      exim = await opened.add(startExim(), (exim) => exim.stop());
      gate = await opened.add(startGate(exim.port), (gate) => gate.stop());
      const provider = emailProvider({ port: gate.port, certificate: exim.certificate }, { timeout: `${TIMEOUT_S}s` });
      const config = { dialect, limits: NO_LIMITS, providers: [provider] };
      keyward = await opened.add(startKeyward({ config, args: ["--log-format", "json"] }), (keyward) => keyward.stop());
    });
    after(() => opened.close());

    for (const [what, [behaviour, cause]] of Object.entries(BREAKDOWNS)) {
      test(`${what}: it is said in time, nobody is signed in, and the next try works`, async () => {
        const visitor = new Visitor({ origin: keyward.publicUrl, url: keyward.url });
        const email = `${what.replaceAll(" ", "-")}@example.com`;
        const [rows, from] = [await rowsOf(keyward), keyward.log.length];

        await gate.breakDown(behaviour);
        const start = Date.now();
        const place = await ask(visitor, email).finally(() => gate.recover());
        assert.ok(Date.now() - start < (TIMEOUT_S + 2) * 1_000);
        assert.equal(new URL(place).search, `?error=${error}&code=mail_not_sent`);
        assert.deepEqual(told((await visitor.follow(place)).page), {
          title: "The email couldn’t be sent",
          text: "Nothing is wrong with what you entered. Try again in a moment.",
        });
        assert.equal(await visitor.session(), null);
        const lines = await troubleIn(keyward, from);
        assert.deepEqual(lines.map(({ path, code }) => [path, code]), [["/api/auth/signin/email", "mail_not_sent"]]);
        assert.match(lines[0].detail, cause);
        // The server may have taken the mail before it broke down, so its link has to be good.
        assert.deepEqual(changes(rows, await rowsOf(keyward)), ["+ticket"]);
        assert.deepEqual(await exim.sent(email), []);

        assert.equal(new URL(await ask(visitor, email)).pathname, "/api/auth/verify-request");
        await visitor.send(linkIn(await exim.mail(email)));
        assert.equal((await visitor.session()).user.email, email);
        assert.ok(changes(rows, await rowsOf(keyward)).includes("+user"), "and is what leaves a user behind");
        assert.equal((await troubleIn(keyward, from)).length, 1, "and nothing else was in the log");
      });
    }
  });
}

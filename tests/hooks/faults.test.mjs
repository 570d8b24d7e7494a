// A hook that is down, silent, broken or talks nonsense: the person is told which step it was and can try again, the log
// has one line with the cause, nobody is signed in, and nothing half-made stays behind.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { after, before, beforeEach, describe, test } from "node:test";

import { PASSWORD } from "../hardening/person.mjs";
import { PEOPLE } from "../identity/fakes/people.mjs";
import { forKeyward, startFakes } from "../identity/providers.mjs";
import { Visitor, chooseAt } from "../identity/visitor.mjs";
import { freePort } from "../support/child.mjs";
import { startKeyward } from "../support/keyward.mjs";
import { openedThings } from "../support/opened.mjs";
import { changes, rowsOf, told, troubleIn } from "../support/trouble.mjs";
import { HOOK_SECRET } from "./receivers.mjs";

const ORIGIN = "http://localhost:4310";
const LANDING = `${ORIGIN}/dash`;
const KNOWN = "known@example.com";

const json = (status, body) => (_, response) =>
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
const DOWN = "is down";

/** What a hook does: instead of its answer, the code that this is, the cause that the log names. */
const BEHAVIOURS = {
  [DOWN]: [undefined, "hook_unavailable", /no connection to 127\.0\.0\.1/],
  "is silent": [() => {}, "hook_unavailable", /no answer within 2s/],
  "hangs up": [(request) => request.socket.destroy(), "hook_unavailable", /127\.0\.0\.1/],
  "answers 500": [json(500, { allow: true }), "hook_unavailable", /it answered 500/],
  "redirects": [(_, response) => response.writeHead(307, { location: "/" }).end(), "hook_unavailable", /it answered 307/],
  "answers HTML": [(_, response) => response.end("<html>allow: true</html>"), "hook_answer_wrong", /no JSON object/],
  "answers too much": [json(200, { allow: true, user: { note: "x".repeat(100_000) } }), "hook_answer_wrong", /larger than \d+ bytes/],
  "answers nonsense": [json(200, { allow: "yes" }), "hook_answer_wrong", /neither `allow`/],
  "denies": [json(200, { allow: false }), "AccessDenied", /a rule of the deployment denies/],
  "refuses with a message": [json(403, { message: "Your seat was removed" }), "hook_refused", /it answered 403/],
};

/** What a hook that works answers. */
const ANSWERS = {
  sign_in: { allow: true },
  profile_exchange: { allow: true, user: { plan: "gold" } },
  jwt: { token: { seat: 7 } },
  session: { session: { seat: 7 } },
  redirect: { url: LANDING },
};

/** What the person reads. Behind a step of the deployment's own stands its service. */
const WORDS = {
  hook_unavailable: ["The service can’t be reached", /Nothing is wrong with your details\. Try again in a moment\./],
  hook_answer_wrong: ["The service gave an odd answer", /Nothing is wrong with your details\. Try again;/],
  AccessDenied: ["You don’t have access", /isn’t allowed to sign in here/],
  hook_refused: ["You couldn’t be signed in", /try again, or use a different account/],
};

/** The words for `code`: a hook's own message travels in generations 3 and 4. */
function wordsFor(dialect, code) {
  const carriesMessages = code === "hook_refused" && dialect !== "auth-js-5";
  return carriesMessages ? ["That didn’t work", /^Your seat was removed$/] : WORDS[code];
}

/** Ways in: `try` ends where the browser is sent, `path` is where the hooks are asked. */
const WAYS = {
  "a sign-up": { path: "callback/signup", try: (visitor, _, email) => submit(visitor, "signup", email) },
  "a password": { path: "callback/credentials", try: (visitor) => submit(visitor, "credentials", KNOWN) },
  "a provider": {
    path: "callback/github",
    // What is refused after the way back has used its attempt up.
    leaves: ["+ticket"],
    try: async (visitor, who) =>
      visitor.bringBack(await chooseAt(await visitor.begin("github", { callbackUrl: "/dash" }), who)),
  },
};

async function submit(visitor, provider, email) {
  const { csrfToken } = await (await visitor.send("/api/auth/csrf")).json();
  const response = await visitor.send(`/api/auth/callback/${provider}`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", "x-auth-return-redirect": "1" },
    body: new URLSearchParams({ csrfToken, callbackUrl: "/dash", json: "true", email, password: PASSWORD }),
  });
  return new URL((await response.json()).url, ORIGIN).href;
}

/** Receives every hook. `fail(hook, behaviour)` breaks one of them, `recover()` mends it. */
async function startHooks() {
  let broken = {};
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    const { type } = JSON.parse(body);
    (broken[type] ?? json(200, ANSWERS[type]))(request, response);
  });
  const listen = (port) => once(server.listen(port, "127.0.0.1"), "listening");
  const stop = async () => {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  const port = await freePort();
  await listen(port);
  return {
    url: `http://127.0.0.1:${port}/`,
    fail: async (hook, behaviour) => (behaviour ? (broken = { [hook]: behaviour }) : stop()),
    async recover() {
      broken = {};
      if (!server.listening) await listen(port);
    },
    stop,
  };
}

for (const dialect of ["next-auth-3", "next-auth-4", "auth-js-5"]) {
  /** Every hook is asked at one receiver. Each deployment knows one person by password and nobody at the provider. */
  const deployment = () => {
    const opened = openedThings();
    const world = { people: Object.keys(PEOPLE).filter((key) => key !== "silent"), tries: 0 };
    before(async () => {
      world.hooks = await opened.add(startHooks(), (hooks) => hooks.stop());
      world.fakes = await startFakes(opened, { ids: ["github"], origin: ORIGIN });
      const urls = Object.fromEntries(Object.keys(ANSWERS).map((hook) => [hook, world.hooks.url]));
      const config = {
        public_url: ORIGIN,
        dialect,
        accounts: { enabled: true },
        hooks: { ...urls, secret: HOOK_SECRET, timeout: "2s" },
        providers: forKeyward(world.fakes),
      };
      world.keyward = await opened.add(startKeyward({ config, args: ["--log-format", "json"] }), (keyward) => keyward.stop());
      await submit(new Visitor({ origin: ORIGIN, url: world.keyward.url }), "signup", KNOWN);
    });
    beforeEach(() => world.fakes.github.recover());
    after(() => opened.close());
    return world;
  };

  const failsAndWorksAgain = async (world, wayIn, hook, [behaviour, code, cause]) => {
    const { keyward, hooks } = world;
    const way = WAYS[wayIn];
    const visitor = new Visitor({ origin: ORIGIN, url: keyward.url });
    const email = `newcomer-${++world.tries}@example.com`;
    const who = wayIn === "a provider" ? world.people.shift() : undefined;
    assert.ok(who || wayIn !== "a provider", "somebody new is left");
    const [rows, from] = [await rowsOf(keyward), keyward.log.length];

    await hooks.fail(hook, behaviour);
    const place = await way.try(visitor, who, email).finally(() => hooks.recover());
    const shown = await visitor.follow(place);

    const [title, text] = wordsFor(dialect, code);
    const read = told(shown.page);
    assert.deepEqual([read.title, text.test(read.text)], [title, true], `${shown.url}: ${read.title}: ${read.text}`);
    assert.equal(await visitor.session(), null);
    assert.deepEqual(visitor.cookies.filter((name) => name.includes("session-token")), []);
    const lines = await troubleIn(keyward, from);
    assert.deepEqual(lines.map((line) => [line.path, line.code]), [[`/api/auth/${way.path}`, code]], JSON.stringify(lines));
    assert.match(lines[0].detail, cause);
    if (code !== "AccessDenied") assert.ok(lines[0].detail.startsWith(`hook ${hook}: `), lines[0].detail);
    assert.deepEqual(changes(rows, await rowsOf(keyward)), way.leaves ?? []);

    assert.equal(await way.try(visitor, who, email), LANDING);
    assert.ok(await visitor.session(), "the next try works");
    assert.ok(changes(rows, await rowsOf(keyward)).includes("+session"), "and is what leaves a session behind");
    assert.equal((await troubleIn(keyward, from)).length, 1, "and nothing else was in the log");
  };

  describe(`the hook sign_in, ${dialect}`, () => {
    const world = deployment();
    for (const [what, behaviour] of Object.entries(BEHAVIOURS)) {
      for (const way of Object.keys(WAYS)) {
        test(`${what} at ${way}: nobody is let in, it is said, and the next try works`, () =>
          failsAndWorksAgain(world, way, "sign_in", behaviour));
      }
    }

    test("sends elsewhere: the person goes there without a session", async () => {
      await world.hooks.fail("sign_in", json(200, { redirect: "/finish-your-profile" }));
      const visitor = new Visitor({ origin: ORIGIN, url: world.keyward.url });
      assert.equal(await visitor.signIn("github", "ada"), `${ORIGIN}/finish-your-profile`);
      await world.hooks.recover();
      assert.equal(await visitor.session(), null);
    });
  });

  describe(`each other hook, ${dialect}`, () => {
    const world = deployment();
    for (const hook of Object.keys(ANSWERS).filter((hook) => hook !== "sign_in")) {
      for (const way of Object.keys(WAYS).filter((way) => hook !== "profile_exchange" || way === "a provider")) {
        for (const [what, said] of [["answers 500", json(500, {})], ["answers nonsense", json(200, { token: 1, session: [], url: {} })]]) {
          const [, code, cause] = BEHAVIOURS[what];
          test(`${hook} ${what} at ${way}: nobody is let in, it is said, and the next try works`, () =>
            failsAndWorksAgain(world, way, hook, [said, code, what === "answers 500" ? cause : /its `\w+` is no|neither/]));
        }
      }
    }
  });
}

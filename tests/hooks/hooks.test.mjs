// Rules that are asked over HTTP: the receivers of the manual. What happens while none answers: `faults.test.mjs`.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, test } from "node:test";

import { forKeyward, startFakes } from "../identity/providers.mjs";
import { Visitor } from "../identity/visitor.mjs";
import { startKeyward } from "../support/keyward.mjs";
import { openedThings } from "../support/opened.mjs";
import { HOOK_SECRET, RECEIVERS, sendBytes, startReceiver } from "./receivers.mjs";

const ORIGIN = "http://localhost:4310";
const ALL = ["sign_in", "profile_exchange", "jwt", "session", "redirect"];

for (const [language, command] of Object.entries(RECEIVERS)) {
  describe(`the receiver in ${language}`, () => {
    const opened = openedThings();
    let receiver;
    before(async () => (receiver = await opened.add(startReceiver(command), (receiver) => receiver.stop())));
    after(() => opened.close());

    const ask = (body, headers) => fetch(receiver.url, { method: "POST", body, headers });
    const sign = (body, { id = "msg_1", at = Math.floor(Date.now() / 1000), secret = HOOK_SECRET } = {}) => {
      const key = Buffer.from(secret.slice("whsec_".length), "base64");
      const signature = createHmac("sha256", key).update(`${id}.${at}.${body}`).digest("base64");
      return { "webhook-id": id, "webhook-timestamp": String(at), "webhook-signature": `v1,${signature}` };
    };
    const question = JSON.stringify({ type: "sign_in", data: { user: { email: "ada@example.com" } } });

    test("answers what was signed lately with the secret, and nothing else", async () => {
      const good = sign(question);
      const now = Math.floor(Date.now() / 1000);
      const answer = await ask(question, good);
      assert.deepEqual([answer.status, await answer.json()], [200, { allow: true }]);
      const rotated = { ...good, "webhook-signature": `v1,AAAA ${good["webhook-signature"]}` };
      assert.equal((await ask(question, rotated)).status, 200, "one of several signatures is enough");
      const refused = {
        "no signature": {},
        "another body": sign(`${question} `),
        "another secret": sign(question, { secret: `whsec_${Buffer.alloc(24, 7).toString("base64")}` }),
        "an old request": sign(question, { at: now - 330 }),
        "a request of the future": sign(question, { at: now + 330 }),
        "another id": { ...good, "webhook-id": "msg_2" },
        "another scheme": { ...good, "webhook-signature": good["webhook-signature"].replace("v1,", "v2,") },
        "half a signature": { ...good, "webhook-signature": good["webhook-signature"].slice(0, 20) },
      };
      for (const [what, headers] of Object.entries(refused)) {
        assert.equal((await ask(question, headers)).status, 401, what);
      }
    });

    test("takes an event, and refuses what it does not know", async () => {
      const event = JSON.stringify({ type: "createUser", data: { user: { id: "u1", email: "ada@example.com" } } });
      assert.equal((await ask(event, sign(event))).status, 200);
      const unknown = JSON.stringify({ type: "somethingElse", data: {} });
      assert.equal((await ask(unknown, sign(unknown))).status, 404);
    });

    const isAnswering = async (after) => {
      const answer = await ask(question, sign(question));
      assert.deepEqual([answer.status, await answer.json()], [200, { allow: true }], `after ${after}`);
    };
    const head = (...headers) => ["POST / HTTP/1.1", "host: localhost", "connection: close", ...headers, "", ""].join("\r\n");

    test("forgets a request that is cut, and answers the next", async () => {
      for (const hangUp of ["at once", "politely"]) {
        await sendBytes(receiver.url, [head("content-length: 10"), "ab"], { hangUp });
        await isAnswering(`two of ten bytes, and a sender that hangs up ${hangUp}`);
        await sendBytes(receiver.url, [`${head("content-length: 2")}ab`], { hangUp });
        await isAnswering(`a sender that hangs up ${hangUp} before the answer`);
      }
    });

    test("takes no request that is too large or of a length that is none, and answers the next", async () => {
      const size = 1024 * 1024 + 1;
      const pieces = Array.from({ length: 17 }, (_, at) => "x".repeat(Math.min(65_536, size - at * 65_536)));
      const large = [head(`content-length: ${size}`), ...pieces];
      assert.equal(await sendBytes(receiver.url, large), 413);
      await isAnswering("a body of more than 1 MiB");
      const chunks = pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`);
      const chunked = await sendBytes(receiver.url, [head("transfer-encoding: chunked"), ...chunks, "0\r\n\r\n"]);
      assert.ok([411, 413].includes(chunked), `in chunks it answers ${chunked}`);
      await isAnswering("a body of more than 1 MiB in chunks");
      const odd = await sendBytes(receiver.url, [head("content-length: -1"), "x"]);
      assert.ok([400, 411].includes(odd), `to a length of -1 it answers ${odd}`);
      await isAnswering("a length of -1");
    });

    test("lets nobody in where a rule of its own fails, and answers the next", async () => {
      const senseless = JSON.stringify({ type: "sign_in", data: null });
      const answer = await ask(senseless, sign(senseless));
      const { allow = false } = await answer.json();
      assert.ok([200, 500].includes(answer.status) && allow === false, `${answer.status} ${allow}`);
      await isAnswering("a rule that failed");
    });

    test("A1 A2 A3 decides on a sign-in with GitHub, and what it adds is kept and shown", async () => {
      const fakes = await startFakes(opened, { ids: ["github"], origin: ORIGIN });
      const hooks = Object.fromEntries(ALL.map((name) => [name, receiver.url]));
      const config = {
        public_url: ORIGIN,
        hooks: { ...hooks, secret: HOOK_SECRET },
        session: { show: { userRole: "role", seenByHook: "seenByHook" } },
        providers: forKeyward(fakes),
      };
      const keyward = await opened.add(startKeyward({ config }), (keyward) => keyward.stop());
      for (const [person, role] of [["ada", "admin"], ["grace", "member"]]) {
        const visitor = new Visitor({ origin: ORIGIN, url: keyward.url });
        assert.equal(await visitor.signIn("github", person, { callbackUrl: "/dash" }), `${ORIGIN}/dash`);
        for (const _ of [1, 2]) {
          const { userRole, role: bySession, seenByHook } = await visitor.session();
          assert.deepEqual([userRole, bySession, typeof seenByHook], [role, role, "string"]);
        }
      }
      assert.ok(!keyward.log.includes(HOOK_SECRET), "the secret is in no log");
    });
  });
}

describe("rules that are written down", () => {
  const opened = openedThings();
  after(() => opened.close());

  test("C6 let in whom they name, and keep the others out", async () => {
    const fakes = await startFakes(opened, { ids: ["github"], origin: ORIGIN });
    const config = {
      public_url: ORIGIN,
      rules: [{ allow: true, providers: ["github"], addresses: ["Ada@Example.com"] }],
      providers: forKeyward(fakes),
    };
    const keyward = await opened.add(startKeyward({ config }), (keyward) => keyward.stop());
    const visitor = () => new Visitor({ origin: ORIGIN, url: keyward.url });
    const [ada, grace] = [visitor(), visitor()];
    assert.equal(await ada.signIn("github", "ada", { callbackUrl: "/dash" }), `${ORIGIN}/dash`);
    const place = new URL(await grace.signIn("github", "grace"));
    assert.equal(place.searchParams.get("error"), "AccessDenied");
    assert.equal(await grace.session(), null);
  });
});

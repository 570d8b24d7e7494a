// Events: signed, once under normal conditions, again with the same id where the receiver was down or Keyward died.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";

import { Person, admitted } from "../hardening/person.mjs";
import { forKeyward, startFakes } from "../identity/providers.mjs";
import { Visitor } from "../identity/visitor.mjs";
import { freePort } from "../support/child.mjs";
import { startKeyward } from "../support/keyward.mjs";
import { openedThings } from "../support/opened.mjs";
import { HOOK_SECRET, until } from "./receivers.mjs";

const ORIGIN = "http://localhost:4310";

/** Listens at `port` and notes what it is told; `answer(event)` may give a status, or `null` for none at all. */
async function startReceiver({ port = 0, answer = () => 204 } = {}) {
  const told = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    const { "webhook-id": id, "webhook-timestamp": at, "webhook-signature": signature } = request.headers;
    const key = Buffer.from(HOOK_SECRET.slice("whsec_".length), "base64");
    const expected = `v1,${createHmac("sha256", key).update(`${id}.${at}.${body}`).digest("base64")}`;
    const fresh = Math.abs(Date.now() / 1000 - Number(at)) < 30;
    const event = { id, ...JSON.parse(body), body, signed: signature === expected && fresh, at: Date.now() };
    told.push(event);
    const status = answer(event);
    if (status) response.writeHead(status).end();
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    told,
    url: `http://127.0.0.1:${server.address().port}/events`,
    types: () => told.map(({ type }) => type),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const areUnique = (list) => new Set(list).size === list.length;

describe("events", { concurrency: 4 }, () => {
  const opened = openedThings();
  after(() => opened.close());

  const receiver = (options) => opened.add(startReceiver(options), (receiver) => receiver.stop());
  const keyward = (config) => opened.add(startKeyward({ config }), (keyward) => keyward.stop());
  const folder = () => opened.add(mkdtemp(join(tmpdir(), "keyward-events-")), (path) => rm(path, { recursive: true, force: true }));
  const telling = (url, more = {}) => ({ accounts: { enabled: true }, hooks: { secret: HOOK_SECRET, events: url, ...more } });

  test("C6 arrive signed and once, soon after what they tell", async () => {
    const hears = await receiver();
    const server = await keyward(telling(hears.url));
    const ada = new Person(server);
    await ada.signUp("ada@example.com");
    await until("both are told", () => hears.told.length === 2, 3_000);
    await ada.session();
    await ada.post("signout", {});
    await until("the sign-out is told", () => hears.told.length === 3);
    await pause(2_500);
    assert.deepEqual(hears.types().sort(), ["createUser", "signIn", "signOut"], "once, and no session");
    assert.ok(hears.told.every(({ signed }) => signed));
    assert.ok(areUnique(hears.told.map(({ id }) => id)));
    const { data } = hears.told.find(({ type }) => type === "signIn");
    assert.equal(data.user.email, "ada@example.com");
    assert.deepEqual([data.account.provider, data.isNewUser], ["signup", true]);
  });

  test("C6 of a sign-in through a provider tell of the link, and hold none of its tokens", async () => {
    const hears = await receiver();
    const fakes = await startFakes(opened, { ids: ["github"], origin: ORIGIN });
    const server = await keyward({ ...telling(hears.url), public_url: ORIGIN, providers: forKeyward(fakes) });
    const visitor = new Visitor({ origin: ORIGIN, url: server.url });
    assert.equal(await visitor.signIn("github", "ada", { callbackUrl: "/dash" }), `${ORIGIN}/dash`);
    await until("all three are told", () => hears.told.length === 3);
    assert.deepEqual(hears.types().sort(), ["createUser", "linkAccount", "signIn"]);
    for (const { body, data } of hears.told) {
      assert.doesNotMatch(body, /token/i);
      if (data.account) assert.deepEqual(Object.keys(data.account).sort(), ["provider", "providerAccountId", "type"]);
    }
    const { data } = hears.told.find(({ type }) => type === "signIn");
    assert.equal(data.profile.login, "ada", "the profile as the provider wrote it");
  });

  test("C6 only those that are named are told, reading a session too", async () => {
    const hears = await receiver();
    const server = await keyward(telling(hears.url, { event_types: ["session"] }));
    const ada = new Person(server);
    await ada.signUp("ada@example.com");
    await ada.session();
    await until("the reading is told", () => hears.told.length === 1);
    assert.deepEqual(hears.types(), ["session"]);
    assert.equal(hears.told[0].data.session.user.email, "ada@example.com");
  });

  test("of a receiver that is down and then answers 500 come again with the same id, and nobody waits for them", async () => {
    const port = await freePort();
    const server = await keyward(telling(`http://127.0.0.1:${port}/`, { event_types: ["signIn"] }));
    const began = Date.now();
    const response = await new Person(server).signUp("ada@example.com");
    assert.equal(response.status, 200);
    await pause(1_000);
    let failing = 1;
    const hears = await receiver({ port, answer: () => (failing-- > 0 ? 500 : 204) });
    await until("it comes again", () => hears.told.length === 1, 15_000);
    assert.ok(Date.now() - began > 3_500, "not before a pause");
    await until("and again", () => hears.told.length === 2, 45_000);
    const [first, second] = hears.told;
    assert.deepEqual([first.id, first.body], [second.id, second.body]);
    assert.ok(first.signed && second.signed, "signed anew");
    assert.ok(second.at - first.at > 15_000, "each pause is longer than the one before");
  });

  test("F1 survive kill -9 right after the answer: what was answered is told after the restart", async () => {
    const database = { url: `sqlite://${join(await folder(), "k.db")}` };
    const port = await freePort();
    const config = { ...telling(`http://127.0.0.1:${port}/`), database };
    const first = await keyward(config);
    const people = Array.from({ length: 20 }, (_, n) => `p${n}@example.com`);
    const answers = await Promise.all(people.map((email) => admitted(() => new Person(first).signUp(email))));
    process.kill(first.pid, "SIGKILL");
    assert.ok(answers.every(({ status }) => status === 200));
    const hears = await receiver({ port });
    await keyward(config);
    const signedIn = () => new Set(hears.told.filter(({ type }) => type === "signIn").map(({ data }) => data.user.email));
    await until("every sign-in is told", () => signedIn().size === people.length, 60_000);
    assert.deepEqual([...signedIn()].sort(), people.sort());
  });

  test("that a Keyward had under way when it was killed come again from another, with the same id", async () => {
    const database = { url: `sqlite://${join(await folder(), "k.db")}` };
    let silent = true;
    const hears = await receiver({ answer: () => (silent ? null : 204) });
    const config = { ...telling(hears.url, { event_types: ["signIn"], timeout: "10s" }), database };
    const first = await keyward(config);
    await new Person(first).signUp("ada@example.com");
    await until("it is being told", () => hears.told.length === 1);
    process.kill(first.pid, "SIGKILL");
    silent = false;
    await keyward(config);
    await until("it comes again", () => hears.told.length > 1, 60_000);
    assert.deepEqual([hears.told[1].id, hears.told[1].body], [hears.told[0].id, hears.told[0].body]);
  });

  test("of two Keywards on one database are each told once", async () => {
    const database = { url: `sqlite://${join(await folder(), "k.db")}` };
    const hears = await receiver();
    const config = { ...telling(hears.url, { event_types: ["signIn"] }), database };
    const both = [await keyward(config), await keyward(config)];
    const people = Array.from({ length: 60 }, (_, n) => `p${n}@example.com`);
    await Promise.all(people.map((email, n) => admitted(() => new Person(both[n % 2]).signUp(email))));
    // One that could not be delivered at once comes again when its lease is over, after 30 s.
    await until("every sign-in is told", () => hears.told.length >= people.length, 90_000);
    await pause(3_000);
    assert.equal(hears.told.length, people.length);
    assert.ok(areUnique(hears.told.map(({ id }) => id)));
    assert.deepEqual(hears.told.map(({ data }) => data.user.email).sort(), people.sort());
  });
});

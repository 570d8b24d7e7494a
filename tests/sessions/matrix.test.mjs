// One session truth: every way in, with every strategy; what is ended, changed, disabled or deleted shows at the next
// read in the same process, and in every other one within a second.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { Browser, SOON_MS, openStage, until } from "./stage.mjs";

for (const strategy of ["sealed", "stored"]) {
  describe(`${strategy} sessions in two processes`, () => {
    let stage;
    before(async () => (stage = await openStage({ strategy })));
    after(() => stage?.close());

    for (const name of ["password", "back end", "link", "provider"]) {
      describe(`opened by ${name}`, () => {
        let way, user;
        const browser = () => new Browser(stage.here);
        const signedIn = async () => {
          const opened = browser();
          await way.open(opened);
          assert.ok(await opened.session(), "signed in");
          return opened;
        };
        /** At the next read here, and within a second there. */
        const shows = async (opened, is, what) => {
          assert.ok(is(await opened.at(stage.here).session()), `${what}, in the same process`);
          // Read with the cookie from before, as a tab does that talks to the other process.
          await until(async () => is(await opened.session()), SOON_MS, `${what}, in the other process`);
        };
        /** Both processes know the session, so that neither learns of it by opening it for the first time. */
        const knownToBoth = async (...browsers) => {
          for (const one of browsers) {
            assert.ok(await one.at(stage.there).session());
            one.at(stage.here);
          }
        };
        /** As `shows`, for browsers whose cookie must not be renewed by the process that hears of it first. */
        const isOut = async (opened) => {
          await until(async () => !(await opened.at(stage.there).session()), SOON_MS, "the end, in the other process");
        };

        before(async () => {
          way = stage.ways[name];
          await way.person?.(browser());
          const opened = await signedIn();
          user = await stage.operator.find(await way.find(opened));
          assert.ok(user, "the operator finds them");
        });

        test("are listed with device and time", async () => {
          const opened = await signedIn();
          const { sessions } = await opened.call("/sessions");
          assert.ok(sessions.length >= 2);
          const own = sessions.find(({ current }) => current);
          assert.equal(own.network, "127.0.0.0/24");
          assert.match(own.userAgent, /node/);
          for (const moment of [own.createdAt, own.seenAt]) assert.ok(Math.abs(Date.parse(moment) - Date.now()) < 60_000);
        });

        test("show a claim that an operator changed", async () => {
          const [opened, other] = [await signedIn(), await signedIn()];
          await knownToBoth(opened, other);
          await stage.operator.change(user.id, { name: "Countess", claims: { role: "admin" } });
          const changed = (session) => session?.user.role === "admin" && session.user.name === "Countess";
          assert.ok(changed(await opened.at(stage.here).session()), "at the next read in the same process");
          await until(async () => changed(await other.at(stage.there).session()), SOON_MS, "the change elsewhere");
          assert.ok(changed(await opened.at(stage.there).session()));
          const later = await signedIn();
          assert.equal((await later.session()).user.role, "admin", "and in sessions that are opened later");
          await stage.operator.change(user.id, { claims: { role: null } });
          await shows(opened, (session) => session && session.user.role == null, "what was taken away");
        });

        test("are ended one by one", async () => {
          const [opened, one, two] = [await signedIn(), await signedIn(), await signedIn()];
          await knownToBoth(one, two);
          assert.deepEqual(await opened.call("/sessions/end", { id: await one.ownId() }), { status: 200, ended: 1 });
          assert.equal(await two.ownId().then(Boolean), true);
          await isOut(one);
          assert.equal(await one.at(stage.here).session(), null);
          assert.ok((await opened.session()) && (await two.session()), "the others stay");
        });

        test("are ended but for the one that asks", async () => {
          const [opened, one, two] = [await signedIn(), await signedIn(), await signedIn()];
          await knownToBoth(opened, one, two);
          const { status, ended } = await opened.call("/sessions/end", { others: "true" });
          assert.ok(status === 200 && ended >= 2, `${status}, ${ended}`);
          assert.equal(await one.session(), null, "in the same process");
          await isOut(two);
          assert.ok((await opened.session()) && (await opened.at(stage.there).session()), "who asked stays");
        });

        test("lesson_57 are over when their person is disabled, who comes in by nothing then", async () => {
          const [opened, other] = [await signedIn(), await signedIn()];
          await knownToBoth(opened, other);
          await stage.operator.change(user.id, { disabled: true });
          assert.equal(await opened.session(), null, "in the same process");
          await isOut(other);
          for (const keyward of [stage.here, stage.there]) {
            const again = browser().at(keyward);
            const url = await way.open(again);
            assert.match(url, /error=(account_disabled|AccessDenied)/);
            assert.equal(await again.session(), null);
          }
          await stage.operator.change(user.id, { disabled: false });
          assert.equal(await opened.session(), null, "what was ended stays ended");
          await signedIn();
        });

        test("lesson_56 are over when their person is deleted", async () => {
          const [opened, other] = [await signedIn(), await signedIn()];
          await knownToBoth(opened, other);
          await stage.operator.remove(user.id);
          assert.equal(await opened.session(), null, "in the same process");
          await isOut(other);
        });
      });
    }

    test("demand 19: a hundred reads in flight in both processes do not bring back a session that is signed out of", async () => {
      const person = new Browser(stage.here);
      await person.post("/api/auth/callback/signup", { email: `race@example.com`, password: "plum-teapot-orbit-91" });
      const names = person.cookies;
      assert.ok(names.some((name) => name.includes("session-token")));
      const copies = Array.from({ length: 100 }, (_, n) => person.copy().at(n % 2 ? stage.here : stage.there));
      const leaving = person.copy();
      const reads = copies.map((copy) => copy.session());
      const left = leaving.post("/api/auth/signout", {});
      await Promise.all([...reads, left]);
      assert.equal(await leaving.session(), null);
      for (const keyward of [stage.here, stage.there]) {
        for (const copy of copies) {
          await until(async () => !(await copy.at(keyward).session()), SOON_MS, "the end");
        }
      }
    });
  });
}

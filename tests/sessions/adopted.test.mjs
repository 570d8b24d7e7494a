// Cookies that the real packages made before Keyward took over, at two processes on one database: they are read on,
// listed, and out within a second when they are ended, their person is disabled or deleted, or signs out.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { PACKAGES } from "../interop/packages.mjs";
import { Browser, SOON_MS, openStage, until } from "./stage.mjs";

for (const [dialect, pack] of Object.entries(PACKAGES)) {
  describe(`cookies of ${dialect}`, () => {
    const name = pack.cookieName(false);
    let stage;
    before(async () => (stage = await openStage({ strategy: "sealed", dialect })));
    after(() => stage?.close());

    const encoded = (claims) => pack.encode({ claims: { name: "Somebody", email: null, ...claims }, name });
    const withCookie = (token, keyward = stage.here) => {
      const browser = new Browser(keyward);
      browser.put(name, token);
      return browser;
    };
    const isIn = async (token, keyward) => Boolean(await withCookie(token, keyward).session());
    /** The cookie from before, in the process where it happened and in the other one within a second. */
    const isOut = async (token, what) => {
      assert.equal(await isIn(token, stage.here), false, `${what}, in the same process`);
      await until(async () => !(await isIn(token, stage.there)), SOON_MS, `${what}, in the other process`);
    };
    /** Somebody who signs in by the back end, and a cookie that the package made for them before. */
    const known = async (id) => {
      const browser = new Browser(stage.here);
      await browser.post("/api/auth/callback/login", { email: id, password: "x" });
      const user = await stage.operator.find(new URLSearchParams({ provider: "shop", providerAccountId: id }));
      const [read, unread] = [await encoded({ sub: id }), await encoded({ sub: id, again: true })];
      const tab = withCookie(read);
      assert.ok((await tab.session()) && (await isIn(read, stage.there)));
      return { browser, user, read, unread, renewed: tab.cookie(name) };
    };

    test("are one session to both processes, which both renew", async () => {
      const token = await encoded({ sub: "u-1" });
      const tabs = await Promise.all(
        [stage.here, stage.there, stage.here, stage.there].map(async (keyward) => {
          const tab = withCookie(token, keyward);
          assert.equal((await tab.session()).user.name, "Somebody");
          return (await pack.decode({ token: tab.cookie(name), name })).sid;
        }),
      );
      assert.equal(new Set(tabs).size, 1, "every reader comes to the same id");
      const { sessions } = await stage.operator.call("GET", "/users/u-1/sessions");
      assert.deepEqual(sessions.map(({ id }) => id), [tabs[0]]);
    });

    test("b5 are over when their person signs out, wherever they were copied", async () => {
      for (const readFirst of [true, false]) {
        const token = await encoded({ sub: `out-${readFirst}` });
        const browser = withCookie(token);
        if (readFirst) assert.ok((await browser.session()) && (await isIn(token, stage.there)));
        await browser.post("/api/auth/signout", {});
        await isOut(token, readFirst ? "signed out" : "signed out without having been read");
      }
    });

    test("are ended by an operator, one and all, whom the directory need not know", async () => {
      const [one, two] = [await encoded({ sub: "u-2", n: 1 }), await encoded({ sub: "u-2", n: 2, email: "z@example.com" })];
      const tab = withCookie(one);
      assert.ok((await tab.session()) && (await isIn(two, stage.there)));
      const { sid } = await pack.decode({ token: tab.cookie(name), name });
      await stage.operator.call("DELETE", `/sessions/${sid}`);
      await isOut(one, "one that was ended");
      await isOut(tab.cookie(name), "its renewed cookie");
      assert.ok(await isIn(two, stage.here), "the other stays");
      await stage.operator.call("DELETE", "/users/u-2/sessions");
      await isOut(two, "all that were ended");
    });

    test("are among their person's sessions, who ends all others", async () => {
      const { browser, read, unread, renewed } = await known("olga");
      const { sessions } = await browser.call("/sessions");
      assert.equal(sessions.length, 2);
      await browser.call("/sessions/end", { others: "true" });
      await isOut(renewed, "another's end, with the renewed cookie");
      await isOut(read, "another's end");
      await isOut(unread, "another's end, never read before");
      assert.ok(await browser.session(), "who asked stays");
    });

    test("lesson_57 are out when their person is disabled", async () => {
      const { user, read, unread, renewed } = await known("dora");
      await stage.operator.change(user.id, { disabled: true });
      await isOut(renewed, "disabled, with the renewed cookie");
      await isOut(read, "disabled");
      await isOut(unread, "disabled, never read before");
      await stage.operator.change(user.id, { disabled: false });
      await isOut(read, "what was over");
    });

    test("lesson_56 are out when their person is deleted", async () => {
      const { user, read, unread, renewed } = await known("emil");
      await stage.operator.remove(user.id);
      await isOut(renewed, "deleted, with the renewed cookie");
      await isOut(read, "deleted");
      await isOut(unread, "deleted, never read before");
    });
  });
}

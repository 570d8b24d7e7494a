// The stream of events: wakes the tabs of a session that another process changed or ended, and ends with its process.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { startChromium } from "../support/chromium.mjs";
import { bundleClientApp } from "../support/client-app.mjs";
import { clientTab } from "../support/client-page.mjs";
import { startKeyward } from "../support/keyward.mjs";
import { openedThings } from "../support/opened.mjs";
import { startOrigin } from "../support/origin.mjs";
import { ADMIN_KEY, Browser, PASSWORD, SOON_MS, openStage, operatorOf } from "./stage.mjs";

const EVENTS = "/api/auth/-/v1/sessions/events";

/** Reads a stream: `next()` gives what comes next, or `null` at its end. */
function streamOf(response) {
  const reader = response.body.getReader();
  return {
    next: async () => {
      const { value, done } = await reader.read();
      return done ? null : new TextDecoder().decode(value);
    },
    cancel: () => reader.cancel(),
  };
}

const within = (ms, promise, what) =>
  Promise.race([promise, new Promise((_, no) => setTimeout(() => no(new Error(`${what} took more than ${ms} ms`)), ms))]);

for (const strategy of ["sealed", "stored"]) {
  describe(`the stream of events, ${strategy} sessions`, () => {
    let stage;
    before(async () => (stage = await openStage({ strategy })));
    after(() => stage?.close());

    test("wakes a tab when another process changed its session, and when it ended it", async () => {
      const { password } = stage.ways;
      const browser = new Browser(stage.here);
      await password.person(browser);
      await password.open(browser);
      const user = await stage.operator.find(await password.find(browser));
      const response = await browser.at(stage.there).send(EVENTS);
      assert.equal(response.status, 200);
      assert.equal(response.headers.get("content-type"), "text/event-stream");
      const stream = streamOf(response);
      assert.match(await stream.next(), /event: session/);

      await stage.operator.change(user.id, { claims: { role: "admin" } });
      assert.match(await within(SOON_MS, stream.next(), "the change"), /event: session/);
      assert.equal((await browser.session()).user.role, "admin", "and the tab reads it");

      await stage.operator.call("DELETE", `/users/${user.id}/sessions`);
      assert.match(await within(SOON_MS, stream.next(), "the end"), /event: session/);
      assert.equal(await browser.session(), null);
      await stream.cancel();
      assert.equal((await browser.send(EVENTS)).status, 401);
    });
  });
}

test("streams end at once when their process is told to end, and do not hold it up", async (t) => {
  const opened = openedThings();
  t.after(() => opened.close());
  const keyward = await opened.add(
    startKeyward({ config: { public_url: "http://localhost:4320", accounts: { enabled: true } } }),
    (keyward) => keyward.stop(),
  );
  const browser = new Browser(keyward);
  await browser.post("/api/auth/callback/signup", { email: "pat@example.com", password: PASSWORD });
  const streams = await Promise.all(Array.from({ length: 8 }, async () => streamOf(await browser.send(EVENTS))));
  for (const stream of streams) await stream.next();
  process.kill(keyward.pid, "SIGTERM");
  for (const stream of streams) assert.equal(await within(2000, stream.next(), "the end of a stream"), null);
  const gone = async () => {
    for (let left = 40; left > 0; left -= 1) {
      try {
        process.kill(keyward.pid, 0);
      } catch {
        return true;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return false;
  };
  assert.ok(await gone(), "the process ended within two seconds");
  assert.match(keyward.log, /Keyward ended\.|drained/);
});

/** Wakes the page's own client, as it wakes itself when another tab has signed in. */
const LISTEN = `
  new EventSource("${EVENTS}").addEventListener("session", () => {
    const newValue = JSON.stringify({ event: "session", data: { trigger: "keyward" }, timestamp: Date.now() });
    window.dispatchEvent(new StorageEvent("storage", { key: "nextauth.message", newValue }));
  });
`;

test("open pages of the unmodified client show a changed role, and the end, without being touched", async (t) => {
  const opened = openedThings();
  t.after(() => opened.close());
  const front = await opened.add(startOrigin({ app: await bundleClientApp("next-auth-4") }), (front) => front.close());
  const config = {
    public_url: front.url,
    accounts: { enabled: true },
    admin: { keys: [ADMIN_KEY] },
    session: { show: { "user.role": "role" } },
  };
  const keyward = await opened.add(startKeyward({ config }), (keyward) => keyward.stop());
  front.forwardTo(keyward.url);
  const chromium = await opened.add(startChromium(), (chromium) => chromium.close());
  const context = await chromium.newContext();
  const tabs = [];
  for (let n = 0; n < 2; n += 1) tabs.push(clientTab(await context.newPage()));
  const [first, second] = tabs;
  await first.page.goto(front.url);
  await first.page.evaluate(
    async ([email, password]) => {
      const { csrfToken } = await (await fetch("/api/auth/csrf")).json();
      const body = new URLSearchParams({ csrfToken, json: "true", email, password });
      await fetch("/api/auth/callback/signup", { method: "POST", body });
    },
    ["pat@example.com", PASSWORD],
  );
  for (const { page } of tabs) {
    await page.goto(front.url);
    await page.evaluate(LISTEN);
  }
  for (const tab of tabs) assert.equal((await tab.sessionIs(true)).data.user.role, undefined);

  const operator = operatorOf(keyward);
  const user = await operator.find(new URLSearchParams({ email: "pat@example.com" }));
  await operator.change(user.id, { claims: { role: "editor-in-chief" } });
  for (const tab of tabs) await within(3000, tab.sessionIs(true, "editor-in-chief"), "the change in a tab");
  await operator.change(user.id, { disabled: true });
  await within(3000, first.sessionIs(false), "the end in a tab");
  await within(3000, second.sessionIs(false), "the end in a tab");
});

// Two Keywards on one database, with every way to sign in, and people whose browsers talk to either.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { NO_LIMITS, emailProvider, linkIn } from "../email/setup.mjs";
import { forKeyward, startFakes } from "../identity/providers.mjs";
import { Visitor } from "../identity/visitor.mjs";
import { startExim } from "../support/exim.mjs";
import { startKeyward } from "../support/keyward.mjs";
import { openedThings } from "../support/opened.mjs";

export const ORIGIN = "http://localhost:4320";
export const PASSWORD = "plum-teapot-orbit-91";
export const ADMIN_KEY = "operator-9f4b1c7d2e8a6053-of-these-tests";
const API = "/api/auth/-/v1";

/** How soon every other process shows a change. */
export const SOON_MS = 1000;

/** `here` and `there` share a database; `config` is laid over that of both. */
export async function openStage({ strategy, dialect = "next-auth-4", config = {} }) {
  const opened = openedThings();
  try {
    const [folder, exim, fakes, backend] = await Promise.all([
      opened.add(mkdtemp(join(tmpdir(), "keyward-sessions-")), (path) => rm(path, { recursive: true, force: true })),
      opened.add(startExim(), (exim) => exim.stop()),
      startFakes(opened, { ids: ["github"], origin: ORIGIN }),
      opened.add(startBackend(), (server) => server.stop()),
    ]);
    const fields = [{ name: "email" }, { name: "password", type: "password" }];
    const whole = {
      public_url: ORIGIN,
      dialect,
      database: { url: `sqlite://${join(folder, "keyward.db")}` },
      accounts: { enabled: true },
      admin: { keys: [ADMIN_KEY] },
      limits: NO_LIMITS,
      ...config,
      session: { strategy, show: { "user.role": "role" }, ...config.session },
      providers: [
        { id: "login", type: "backend", name: "Login", endpoint: backend.url, source: "shop", fields },
        emailProvider(exim),
        ...forKeyward(fakes),
      ],
    };
    const keyward = () => opened.add(startKeyward({ config: whole }), (keyward) => keyward.stop());
    const here = await keyward();
    const there = await keyward();
    const ways = waysIn({ exim, here });
    return { here, there, ways, operator: operatorOf(here), close: opened.close };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** A browser of somebody; it talks to `here` until it is told `at(there)`. */
export class Browser extends Visitor {
  constructor(keyward) {
    super({ origin: ORIGIN, url: keyward.url });
  }

  at(keyward) {
    this.url = keyward.url;
    return this;
  }

  async post(path, fields) {
    const { csrfToken } = await (await this.send("/api/auth/csrf")).json();
    return this.send(path, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", "x-auth-return-redirect": "1" },
      body: new URLSearchParams({ csrfToken, json: "true", ...fields }),
    });
  }

  async call(path, fields) {
    const answer = fields ? await this.post(API + path, fields) : await this.send(API + path);
    return { status: answer.status, ...(await answer.json()) };
  }

  async ownId() {
    const { sessions } = await this.call("/sessions");
    return sessions.find(({ current }) => current).id;
  }
}

/** By name: `open(browser)` signs in and gives the address that the browser is sent to; `find(browser)` is the operator's query for whoever it is. */
function waysIn({ exim }) {
  const byEmail = (email) => async () => new URLSearchParams({ email });
  const byAccount = async (browser) => {
    const { accounts } = await browser.call("/accounts");
    return new URLSearchParams({ provider: accounts[0].provider, providerAccountId: accounts[0].providerAccountId });
  };
  const urlOf = async (answer) => (await answer.json()).url;
  return {
    password: {
      person: async (browser) => browser.post("/api/auth/callback/signup", { email: "pat@example.com", password: PASSWORD }),
      open: async (browser) =>
        urlOf(await browser.post("/api/auth/callback/credentials", { email: "pat@example.com", password: PASSWORD })),
      find: byEmail("pat@example.com"),
    },
    "back end": {
      open: async (browser) => urlOf(await browser.post("/api/auth/callback/login", { email: "bea", password: "x" })),
      find: byAccount,
    },
    link: {
      open: async (browser) => {
        const before = (await exim.sent("lin@example.com")).length;
        await browser.post("/api/auth/signin/email", { email: "lin@example.com", callbackUrl: "/" });
        const mail = await exim.mail("lin@example.com", before + 1);
        const answer = await browser.send(linkIn(mail));
        return new URL(answer.headers.get("location"), ORIGIN).href;
      },
      find: byEmail("lin@example.com"),
    },
    provider: { open: (browser) => browser.signIn("github", "ada"), find: byAccount },
  };
}

/** What an operator's program does, at one of the servers. */
export function operatorOf(keyward) {
  const call = async (method, path, body) => {
    const answer = await fetch(`${keyward.url}${API}/admin${path}`, {
      method,
      headers: { authorization: `Bearer ${ADMIN_KEY}`, ...(body && { "content-type": "application/json" }) },
      body: body && JSON.stringify(body),
    });
    const json = await answer.json();
    assert.equal(answer.status, 200, `${method} ${path}: ${JSON.stringify(json)}`);
    return json;
  };
  return {
    find: async (query) => (await call("GET", `/users?${query}`)).users[0],
    change: (id, change) => call("PATCH", `/users/${id}`, change),
    remove: (id) => call("DELETE", `/users/${id}`),
    call,
  };
}

/** Waits until `look` gives something, and says how long that took. */
export async function until(look, patience, what) {
  const began = performance.now();
  for (;;) {
    const found = await look();
    if (found) return found;
    assert.ok(performance.now() - began < patience, `${what} did not come within ${patience} ms`);
    await pause(25);
  }
}

/** A back end that knows everybody. */
async function startBackend() {
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    const { email } = JSON.parse(body);
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ id: email, name: email }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${server.address().port}/`, stop };
}

// A person without a browser: keeps cookies, follows a sign-in to the provider and back. Knows all generations.
import assert from "node:assert/strict";

export class Visitor {
  #cookies = new Map();

  /** `origin` is the application's public address, `url` where its server listens. */
  constructor({ origin, url }) {
    this.origin = origin;
    this.url = url;
  }

  /** A request to the application; `target` is a path or a public address. */
  async send(target, { method = "GET", headers = {}, body } = {}) {
    const { origin, pathname, search } = new URL(target, this.origin);
    assert.equal(origin, this.origin, "the browser stays with the application");
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(this.url + pathname + search, {
      method,
      body,
      redirect: "manual",
      headers: { ...headers, ...(cookie && { cookie }) },
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      const expires = /; Expires=([^;]+)/i.exec(line)?.[1];
      const gone = /; Max-Age=0(;|$)/i.test(line) || (expires && Date.parse(expires) < Date.now());
      if (gone) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return response;
  }

  /** The same person in a second tab: from now on each keeps its own. */
  copy() {
    const other = new this.constructor(this);
    for (const [name, value] of this.#cookies) other.#cookies.set(name, value);
    return other;
  }

  /** The value of a cookie, as it is sent. */
  cookie(name) {
    return this.#cookies.get(name);
  }

  /** Plants a cookie. */
  put(name, value) {
    this.#cookies.set(name, value);
  }

  /** The names of the cookies that it holds. */
  get cookies() {
    return [...this.#cookies.keys()].sort();
  }

  /** Asks to sign in, as the clients do: the address that the browser is sent to. `query` is `signIn`'s third argument. */
  async begin(provider, { callbackUrl = "/", query = {} } = {}) {
    const { csrfToken } = await (await this.send("/api/auth/csrf")).json();
    const response = await this.send(`/api/auth/signin/${provider}?${new URLSearchParams(query)}`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", "x-auth-return-redirect": "1" },
      body: new URLSearchParams({ csrfToken, callbackUrl, json: "true" }),
    });
    return (await response.json()).url;
  }

  /** Brings the provider's answer back: the address that the browser is sent to then. */
  async bringBack({ url, form }) {
    const response = form
      ? await this.send(url, { method: "POST", body: new URLSearchParams(form), headers: { origin: "null" } })
      : await this.send(url);
    assert.ok([302, 303].includes(response.status), `the callback answers ${response.status}`);
    return new URL(response.headers.get("location"), this.origin).href;
  }

  /** Signs in with a fake, as `person` there: the address that the browser is sent to in the end. */
  async signIn(provider, person, options) {
    const address = await this.begin(provider, options);
    assert.notEqual(new URL(address).origin, this.origin, `the browser is not sent to the provider, but to ${address}`);
    return this.bringBack(await chooseAt(address, person));
  }

  /** Asks for a link by mail. */
  async ask(email, { callbackUrl = "/" } = {}) {
    const { csrfToken } = await (await this.send("/api/auth/csrf")).json();
    const body = new URLSearchParams({ csrfToken, email, callbackUrl, json: "true" });
    assert.equal((await this.send("/api/auth/signin/email", { method: "POST", body })).status, 200);
  }

  async session() {
    const response = await this.send("/api/auth/session");
    assert.equal(response.status, 200);
    const session = await response.json();
    return session?.user ? session : null;
  }

  /** Where the browser ends up that follows redirects of the application from `target`, and the status there. */
  async follow(target) {
    for (let left = 5; left > 0; left--) {
      const response = await this.send(target);
      const location = response.headers.get("location");
      if (!location) return { url: target, status: response.status, page: await response.text() };
      target = new URL(location, this.origin).href;
    }
    throw new Error(`redirects without end at ${target}`);
  }
}

/** Chooses `person` (none: cancels) on the page of a fake: its answer as `{url}` or `{url, form}`. */
export async function chooseAt(address, person = "") {
  const shown = await fetch(address, { redirect: "manual" });
  const page = await shown.text();
  assert.equal(shown.status, 200, page);
  const [, ticket] = /name="ticket" value="([^"]+)"/.exec(page);
  const answer = await fetch(new URL("/consent", address), {
    method: "POST",
    redirect: "manual",
    body: new URLSearchParams({ ticket, person }),
  });
  if (answer.status === 303) return { url: answer.headers.get("location") };
  const posted = await answer.text();
  const fields = posted.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g);
  const form = Object.fromEntries([...fields].map(([, name, value]) => [name, unescape(value)]));
  return { url: unescape(/action="([^"]+)"/.exec(posted)[1]), form };
}

const unescape = (text) => text.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));

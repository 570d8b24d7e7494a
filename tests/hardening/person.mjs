// A person without a browser: keeps cookies, posts forms in JSON mode. Knows all three generations.
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";

export const PASSWORD = "plum-teapot-orbit-91";

/** What `attempt` is answered in the end: who is told that too many passwords wait comes again. */
export async function admitted(attempt) {
  for (;;) {
    const answer = await attempt();
    if (answer.status !== 503) return answer;
    await pause(200);
  }
}

export class Person {
  constructor(keyward, headers = {}) {
    this.base = `${keyward.url}/api/auth`;
    this.headers = headers;
    this.cookies = new Map();
  }

  async send(path, { method = "GET", headers = {}, body } = {}) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(`${this.base}/${path}`, {
      method,
      body,
      redirect: "manual",
      headers: { ...this.headers, ...headers, ...(cookie && { cookie }) },
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (/; Max-Age=0/.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }

  async post(path, fields) {
    const { csrfToken } = await (await this.send("csrf")).json();
    return this.send(path, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", "x-auth-return-redirect": "1" },
      body: new URLSearchParams({ csrfToken, json: "true", ...fields }),
    });
  }

  signUp(email, password = PASSWORD) {
    return this.post("callback/signup", { email, password });
  }

  signIn(email, password = PASSWORD) {
    return this.post("callback/credentials", { email, password });
  }

  async session() {
    const response = await this.send("session");
    assert.equal(response.status, 200);
    return response.json();
  }

  sessionCookie() {
    return [...this.cookies].find(([name]) => name.includes("session-token"));
  }
}

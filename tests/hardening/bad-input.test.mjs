// Whatever is sent: a 4xx with a stable code or a closed connection within a bound, never a 5xx, a panic or a session.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, describe, test } from "node:test";

import { startKeyward } from "../support/keyward.mjs";
import { Person } from "./person.mjs";

const BOUND_MS = 20_000;
let keyward;

before(async () => {
  keyward = await startKeyward({ config: { accounts: { enabled: true } } });
});
after(async () => {
  const alive = await fetch(`${keyward.url}/healthz`);
  const { log } = keyward;
  await keyward.stop();
  assert.equal(alive.status, 200, "it still answers");
  assert.ok(!/panick/i.test(log), "nothing panicked");
});

/** Sends bytes, waits for the answer or the end; gives the status, 0 for a closed connection without one. */
function raw(bytes, { pause = 0 } = {}) {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(keyward.url);
    const socket = connect({ host: hostname, port, allowHalfOpen: true });
    let answer = "";
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`neither answered nor closed within ${BOUND_MS} ms; got ${answer.slice(0, 200)}`));
    }, BOUND_MS);
    const done = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ status: Number(/^HTTP\/1\.\d (\d{3})/.exec(answer)?.[1] ?? 0), answer });
    };
    socket.setEncoding("latin1");
    socket.on("data", (chunk) => {
      answer += chunk;
      if (answer.includes("\r\n\r\n")) setTimeout(done, 20);
    });
    socket.on("end", done);
    socket.on("error", done);
    const parts = [].concat(bytes);
    const write = () => {
      const part = parts.shift();
      if (part === undefined || socket.destroyed) return;
      socket.write(part);
      setTimeout(write, pause);
    };
    socket.on("connect", write);
  });
}

const head = (line, headers = "") => `${line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${headers}\r\n`;
const post = (path, type, body) =>
  head(`POST /api/auth/${path}`, `Content-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`) + body;
const FORM = "application/x-www-form-urlencoded";

// [what, bytes, statuses]; 0 stands for a connection that was closed without an answer.
const REQUESTS = [
  ["a body of 10 MB", [head("POST /api/auth/callback/credentials", `Content-Type: ${FORM}\r\nContent-Length: 10485760\r\n`), ...Array.from({ length: 160 }, () => "x".repeat(65_536))], [413, 0]],
  ["a body of 10 MB in chunks", [head("POST /api/auth/callback/credentials", `Content-Type: ${FORM}\r\nTransfer-Encoding: chunked\r\n`), ...Array.from({ length: 160 }, () => `10000\r\n${"x".repeat(65_536)}\r\n`)], [413, 0]],
  ["a content type that is none", post("callback/credentials", "🧮/\u0001", "a=b"), [400, 302, 415, 0]],
  ["xml", post("callback/credentials", "application/xml", "<a/>"), [302, 415]],
  ["broken JSON", post("callback/credentials", "application/json", "{"), [400]],
  ["JSON that is deeply nested", post("callback/credentials", "application/json", "[".repeat(100_000)), [400]],
  ["JSON that is a number", post("callback/credentials", "application/json", "1"), [302, 400]],
  ["a thousand fields", post("callback/credentials", FORM, "a=b&".repeat(1000)), [400, 302, 413]],
  ["repeated csrfToken", post("callback/credentials", FORM, "csrfToken=a&csrfToken=b"), [302, 400]],
  ["broken percent-encoding in a form", post("callback/credentials", FORM, "email=%zz%&%=%"), [302, 400]],
  ["bytes that are no UTF-8 in a form", post("signin/credentials", FORM, "email=%ff%fe"), [302, 400]],
  ["an empty POST", post("callback/credentials", FORM, ""), [302, 400]],
  ["broken percent-encoding in the path", head("GET /api/auth/error/%zz"), [400]],
  ["a NUL in the path", head("GET /api/auth/%00"), [400]],
  ["dot segments", head("GET /api/auth/../../etc/passwd"), [400, 404]],
  ["encoded dot segments", head("GET /api/auth/%2e%2e/session"), [400, 404]],
  ["a double slash", head("GET //api/auth/session"), [400, 404]],
  ["a slash too many", head("GET /api/auth//session"), [400, 404]],
  ["a path of 20 kB", head(`GET /api/auth/${"x".repeat(20_000)}`), [400, 414, 431, 0]],
  ["a query of 60 kB", head(`GET /api/auth/signin?${"a=b&".repeat(15_000)}`), [400, 414, 431, 0]],
  ["a callback address that is none", head("GET /api/auth/signin?callbackUrl=javascript:alert(1)"), [400]],
  ["a callback address with a broken host", head("GET /api/auth/signin?callbackUrl=http://[::"), [400]],
  ["a callback address that is a word", head("GET /api/auth/csrf?callbackUrl=nowhere"), [400]],
  ["a header of 100 kB", head("GET /api/auth/session", `X-Long: ${"x".repeat(100_000)}\r\n`), [400, 431, 0]],
  ["a thousand headers", head("GET /api/auth/session", "X-A: b\r\n".repeat(1000)), [400, 431, 0]],
  ["a cookie header of 30 kB", head("GET /api/auth/session", `Cookie: ${"a=b; ".repeat(6000)}\r\n`), [200, 400, 431, 0]],
  ["a header with a NUL", head("GET /api/auth/session", "X-A: \u0000\r\n"), [400, 0]],
  ["two content lengths", head("POST /api/auth/signout", "Content-Length: 1\r\nContent-Length: 2\r\n"), [400, 0]],
  ["a negative content length", head("POST /api/auth/signout", "Content-Length: -1\r\n"), [400, 0]],
  ["length and chunks at once", head("POST /api/auth/signout", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n", [400, 302, 0]],
  ["a method that is none", head("BREW /api/auth/session"), [400, 405]],
  ["no HTTP at all", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc", [400, 0]],
  ["an absolute target on another host", head("GET http://evil.test/api/auth/csrf"), [200, 400]],
  ["lesson_82 broken percent-encoding in Authorization", head("GET /api/auth/session", "Authorization: Bearer %zz%\r\n"), [200, 400]],
  ["lesson_13 a health check's user agent", head("GET /api/auth/session", "User-Agent: GoogleHC/1.0\r\n"), [200]],
];

describe("bad input", () => {
  for (const [what, bytes, statuses] of REQUESTS) {
    test(`${what} is answered ${statuses.join(" or ")}`, async () => {
      const { status, answer } = await raw(bytes);
      assert.ok(statuses.includes(status), `status ${status}: ${answer.slice(0, 300)}`);
      assert.ok(!/set-cookie: [^=]*session-token=[^;]/i.test(answer), "no session");
    });
  }

  test("headers that come a byte a second end within the bound", async () => {
    const { status } = await raw([..."GET /api/auth/session HTTP/1.1\r\nHost: localhost\r\n", ...Array(100).fill("X")], { pause: 500 });
    assert.ok([0, 400, 408].includes(status), `status ${status}`);
  });

  test("a body that never comes ends within the bound", async () => {
    const { status } = await raw(head("POST /api/auth/callback/credentials", `Content-Type: ${FORM}\r\nContent-Length: 100\r\n`));
    assert.ok([0, 408].includes(status), `status ${status}`);
  });

  test("every 4xx in JSON mode carries a code and an absolute url", async () => {
    const person = new Person(keyward);
    const answers = await Promise.all([
      person.send("csrf?callbackUrl=nowhere"),
      person.send("callback/credentials", { method: "POST", headers: { "content-type": "application/json" }, body: "{" }),
      person.send("callback/credentials", { method: "POST", headers: { "content-type": FORM }, body: "x".repeat(2_000_000) }),
    ]);
    for (const answer of answers) {
      assert.ok(answer.status >= 400 && answer.status < 500, String(answer.status));
      const body = await answer.json();
      assert.match(body.error, /^[a-z_]+$/);
      assert.equal(new URL(body.url).searchParams.get("error"), body.error);
    }
  });
});

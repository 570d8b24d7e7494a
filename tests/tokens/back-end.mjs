// A back end that hands out tokens and is strict about them: each refresh token is good once, and who comes with a used
// one revokes the whole family. It counts what reaches it.
import { once } from "node:events";
import { createServer } from "node:http";

import { freePort } from "../support/child.mjs";

/**
 * Starts the back end. What it does with the next refreshes is a property that a test sets:
 *
 * `lifeMs`: of the access tokens. `delayMs`: before it answers. `graceMs`: for how long it answers a second request
 * with the same Idempotency-Key like the first. `answer`: "ok", "fail" (503), "refuse" (401), "cut" (rotates, then
 * breaks the connection), "cut once" (the same, and "ok" from then on), "hold" (rotates and answers when `release()`
 * is called). `rotates: false`: it returns no new refresh token.
 */
export async function startBackEnd(options = {}) {
  const port = options.port ?? (await freePort());
  const backEnd = {
    lifeMs: 4_000,
    delayMs: 0,
    graceMs: 0,
    answer: "ok",
    rotates: true,
    /** Every refresh that arrived: its token, its key, when. */
    refreshes: [],
    /** How often a used token came. */
    reuses: 0,
    families: new Map(),
    ...options,
  };
  const held = [];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const body = text ? JSON.parse(text) : {};
    if (request.url === "/login") return json(response, 200, login(backEnd, body));
    if (request.url === "/refresh") return refresh(backEnd, request, response, body, held);
    return json(response, 404, {});
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return Object.assign(backEnd, {
    port,
    url: `http://127.0.0.1:${port}`,
    release() {
      for (const answer of held.splice(0)) answer();
    },
    /** True if the access token is the last of its family, alive, and the family was not revoked. */
    isGood(accessToken) {
      const [family] = String(accessToken).split(".");
      const known = backEnd.families.get(family);
      return known?.access === accessToken && known.until > Date.now() && !known.revoked;
    },
    async stop() {
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  });
}

function login(backEnd, { email }) {
  const family = `f${backEnd.families.size + 1}`;
  backEnd.families.set(family, { generation: 0, revoked: false, answered: new Map() });
  return { id: email, email, name: email.split("@")[0], ...tokens(backEnd, family) };
}

/** As the tutorials have them. */
function tokens(backEnd, family) {
  const known = backEnd.families.get(family);
  known.generation += 1;
  const accessTokenExpires = Date.now() + backEnd.lifeMs;
  known.access = `${family}.a${known.generation}`;
  known.until = accessTokenExpires;
  if (backEnd.rotates || known.generation === 1) known.refresh = `${family}.r${known.generation}`;
  const returned = backEnd.rotates || known.generation === 1 ? { refreshToken: known.refresh } : {};
  return { accessToken: known.access, accessTokenExpires, ...returned };
}

function refresh(backEnd, request, response, { refreshToken }, held) {
  const key = request.headers["idempotency-key"];
  backEnd.refreshes.push({ token: refreshToken, key, at: Date.now() });
  if (backEnd.answer === "fail") return json(response, 503, { message: "later" });
  if (backEnd.answer === "refuse") return json(response, 401, { message: "no more" });
  const [family] = String(refreshToken).split(".");
  const known = backEnd.families.get(family);
  if (!known || known.revoked) return json(response, 401, { message: "revoked" });
  const before = known.answered.get(key);
  let answer;
  if (before && before.token === refreshToken && Date.now() < before.at + backEnd.graceMs) {
    answer = before.answer;
  } else if (known.refresh === refreshToken) {
    answer = tokens(backEnd, family);
    known.answered.set(key, { token: refreshToken, at: Date.now(), answer });
  } else {
    backEnd.reuses += 1;
    known.revoked = true;
    return json(response, 401, { message: "reused" });
  }
  const how = backEnd.answer;
  if (how === "cut once") backEnd.answer = "ok";
  if (how.startsWith("cut")) return void response.destroy();
  const send = () => json(response, 200, answer);
  if (how === "hold") return void held.push(send);
  return void setTimeout(send, backEnd.delayMs);
}

function json(response, status, body) {
  if (response.destroyed) return;
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

// Tokens of a provider, by OAuth's refresh grant: before npm's oidc-provider, which rotates refresh tokens and revokes
// the grant when a used one comes back.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Provider } from "oidc-provider";

import { Visitor } from "../identity/visitor.mjs";
import { freePort } from "../support/child.mjs";
import { CLIENT, sleep, start, token } from "./setup.mjs";

const LIFE = 5;

test("d2 d4 a provider's tokens are refreshed once for everybody, by the refresh grant", async (t) => {
  const real = await startProvider(t);
  const config = (port) => {
    real.allow(`http://localhost:${port}/api/auth/callback/real`);
    return {
      session: { show: { accessToken: "accessToken" } },
      clients: [CLIENT],
      providers: [
        {
          type: "oidc",
          id: "real",
          issuer: real.url,
          client_id: "keyward",
          client_secret: real.secret,
          profile_from: "userinfo",
          scope: "openid email offline_access",
          params: { prompt: "consent" },
          refresh: true,
        },
      ],
    };
  };
  const { keywards } = await start(t, { config });
  await real.open();
  const visitor = new Visitor({ origin: keywards[0].publicUrl, url: keywards[0].url });
  const address = await visitor.begin("real");
  await visitor.bringBack({ url: await real.signIn(address) });
  const cookie = (await jar(visitor)).join("; ");
  const reads = async () => {
    const all = keywards.flatMap((keyward) => Array.from({ length: 20 }, () => session(keyward, cookie)));
    const answers = await Promise.all(all);
    assert.deepEqual([...new Set(answers.map(({ error }) => error))], [undefined]);
    const tokens = [...new Set(answers.map(({ accessToken }) => accessToken))];
    assert.equal(tokens.length, 1);
    return tokens[0];
  };
  const seen = [await reads()];
  assert.equal(real.refreshes, 0);
  for (let round = 1; round <= 3; round += 1) {
    await sleep(LIFE * 1_000 + 100);
    seen.push(await reads());
    assert.equal(real.refreshes, round, "one grant for each token that ended");
    assert.ok(await real.takes(seen.at(-1)), "the provider takes it");
  }
  assert.equal(new Set(seen).size, 4);
  assert.equal(real.revocations, 0, "no refresh token came twice");
  const asked = await token(keywards[1], cookie);
  assert.deepEqual([asked.status, asked.body.accessToken], [200, seen.at(-1)]);
  assert.deepEqual(real.errors, []);

  // A grant that the provider takes back is a refusal.
  await real.revoke();
  await sleep(LIFE * 1_000 + 100);
  for (const keyward of keywards) assert.equal((await session(keyward, cookie)).error, "RefreshAccessTokenError");
  assert.deepEqual(real.errors, ["invalid_grant"], "asked once");
});

test("d1 lesson_55 who adds an account gets a new session with the back end's tokens that the old one had", async (t) => {
  const real = await startProvider(t);
  const { backEnd, keywards } = await start(t, {
    more: (port) => {
      real.allow(`http://localhost:${port}/api/auth/callback/real`);
      const table = { type: "oidc", id: "real", issuer: real.url, client_id: "keyward", client_secret: real.secret };
      return [{ ...table, profile_from: "userinfo", scope: "openid email", refresh: true }];
    },
  });
  await real.open();
  const [keyward, other] = keywards;
  const visitor = new Visitor({ origin: keyward.publicUrl, url: keyward.url });
  const { csrfToken } = await (await visitor.send("/api/auth/csrf")).json();
  await visitor.send("/api/auth/callback/login", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ csrfToken, json: "true", email: "ada@example.org", password: "right" }),
  });
  const before = (await jar(visitor)).join("; ");
  assert.equal((await session(keyward, before)).accessToken, "f1.a1");

  await visitor.bringBack({ url: await real.signIn(await visitor.begin("real")) });
  const after = (await jar(visitor)).join("; ");
  assert.equal((await session(keyward, after)).accessToken, "f1.a1");
  await sleep(backEnd.lifeMs + 50);
  for (const one of keywards) {
    const { accessToken, error } = await session(one, after);
    assert.ok(backEnd.isGood(accessToken), accessToken);
    assert.equal(error, undefined);
  }
  assert.deepEqual(await session(other, before), {}, "the session from before is over");
  assert.equal(backEnd.refreshes.length, 1);
  assert.equal(backEnd.reuses, 0);
});

async function startProvider(t) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const secret = "a secret of more than thirty-two characters";
  const redirects = [];
  const client = {
    client_id: "keyward",
    client_secret: secret,
    grant_types: ["authorization_code", "refresh_token"],
    redirect_uris: redirects,
  };
  const real = { url, secret, refreshes: 0, revocations: 0, errors: [], allow: (uri) => redirects.push(uri) };
  let server;
  let grantId;
  // Made when its client is known.
  const open = async () => {
    const provider = new Provider(url, {
      clients: [client],
      claims: { openid: ["sub"], email: ["email", "email_verified"] },
      findAccount: (_context, id) => ({
        accountId: id,
        claims: () => ({ sub: id, email: `${id}@example.org`, email_verified: true }),
      }),
      features: { devInteractions: { enabled: true } },
      pkce: { required: () => true },
      responseTypes: ["code"],
      cookies: { keys: ["a key of the tests"] },
      ttl: { AccessToken: LIFE },
      rotateRefreshToken: () => true,
    });
    provider.on("grant.success", ({ oidc }) => {
      grantId = oidc.entities.Grant?.jti ?? oidc.entities.AccessToken?.grantId ?? grantId;
      if (oidc.params.grant_type === "refresh_token") real.refreshes += 1;
    });
    provider.on("grant.revoked", () => (real.revocations += 1));
    provider.on("grant.error", (_context, { message }) => real.errors.push(message));
    server = provider.listen(port, "127.0.0.1");
    await once(server, "listening");
    real.revoke = async () => (await provider.Grant.find(grantId)).destroy();
  };
  t.after(() => {
    server?.closeAllConnections();
    server?.close();
  });
  return Object.assign(real, {
    open,
    /** Through its pages to the address that it sends the browser back to. */
    async signIn(address) {
      const cookies = new Map();
      let [target, method, body] = [address, "GET", undefined];
      for (let step = 0; step < 12; step += 1) {
        const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
        const response = await fetch(target, { method, body, redirect: "manual", headers: { cookie } });
        for (const line of response.headers.getSetCookie()) {
          const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
          cookies.set(name, value);
        }
        const location = response.headers.get("location");
        if (location) {
          target = new URL(location, target).href;
          if (!target.startsWith(url)) return target;
          [method, body] = ["GET", undefined];
          continue;
        }
        const page = await response.text();
        const action = /<form[^>]*action="([^"]+)"/.exec(page)?.[1];
        assert.ok(action, page);
        target = new URL(action.replaceAll("&amp;", "&"), target).href;
        const prompt = /name="prompt" value="(\w+)"/.exec(page)[1];
        [method, body] = ["POST", new URLSearchParams(prompt === "login" ? { prompt, login: "ada", password: "any" } : { prompt })];
      }
      throw new Error("the provider's pages lead nowhere");
    },
    async takes(accessToken) {
      const response = await fetch(`${url}/me`, { headers: { authorization: `Bearer ${accessToken}` } });
      return response.status === 200;
    },
  });
}

async function session(keyward, cookie) {
  const response = await fetch(`${keyward.url}/api/auth/session`, { headers: { cookie } });
  assert.equal(response.status, 200);
  return response.json();
}

/** The cookies that the visitor holds, by asking a server that shows them. */
async function jar(visitor) {
  const { createServer } = await import("node:http");
  const echo = createServer((request, response) => response.end(JSON.stringify(request.headers.cookie ?? "")));
  echo.listen(0, "127.0.0.1");
  await once(echo, "listening");
  const home = visitor.url;
  visitor.url = `http://127.0.0.1:${echo.address().port}`;
  const cookies = await (await visitor.send("/")).json();
  visitor.url = home;
  echo.closeAllConnections();
  echo.close();
  return cookies.split("; ");
}

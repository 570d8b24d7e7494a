// The npm package oidc-provider with what a refresh needs: rotating refresh tokens, and access tokens that are JWTs signed
// with ES256, as the Keyward beside it gives them out. What it is to do comes as JSON in the environment variable BENCH.
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";

import { Provider } from "oidc-provider";

import { MemoryAdapter } from "./memory-adapter.mjs";

const { port, origin, client, audience, scope, families } = JSON.parse(process.env.BENCH);

const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const day = 24 * 60 * 60;
const provider = new Provider(origin, {
  adapter: MemoryAdapter,
  clients: [
    {
      client_id: client,
      token_endpoint_auth_method: "none",
      id_token_signed_response_alg: "ES256",
      grant_types: ["authorization_code", "refresh_token"],
      redirect_uris: [`${origin}/callback`],
    },
  ],
  jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid: "key-1", use: "sig", alg: "ES256" }] },
  cookies: { keys: ["a key of the benchmark"] },
  findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  rotateRefreshToken: true,
  ttl: { Grant: 30 * day, RefreshToken: 30 * day },
  features: {
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope,
        audience,
        accessTokenFormat: "jwt",
        accessTokenTTL: 60 * 60,
        jwt: { sign: { alg: "ES256" } },
      }),
    },
  },
});
provider.on("server_error", (_context, error) => console.error(error));

/** A grant and its first refresh token, as the end of a sign-in leaves them. */
async function family(number) {
  const accountId = `person-${number}`;
  const grant = new provider.Grant({ accountId, clientId: client });
  grant.addResourceScope(audience, scope);
  const grantId = await grant.save();
  const token = new provider.RefreshToken({
    accountId,
    client: await provider.Client.find(client),
    grantId,
    gty: "authorization_code",
    resource: audience,
    scope,
    authTime: Math.floor(Date.now() / 1000),
    iiat: Math.floor(Date.now() / 1000),
  });
  return token.save();
}

const first = await Promise.all(Array.from({ length: families }, (_, number) => family(number)));
const answer = provider.callback();
createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  if (request.url === "/readyz") return response.end("ready");
  if (request.url === "/first") return response.end(JSON.stringify(first));
  return answer(request, response);
}).listen(port, "127.0.0.1");

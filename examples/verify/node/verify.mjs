// A service that answers with its caller: node verify.mjs ISSUER AUDIENCE PORT
import { createServer } from "node:http";
import { createRemoteJWKSet, jwtVerify } from "jose";

const [issuer, audience, port] = process.argv.slice(2);
const keys = createRemoteJWKSet(new URL(`${issuer}/-/v1/jwks`)); // fetched at most once in 30 seconds
const rules = { issuer, audience, typ: "at+jwt", algorithms: ["ES256", "RS256", "EdDSA"], requiredClaims: ["exp", "sub"] };

async function caller({ headersDistinct: { authorization: values = [] } }) {
  const token = values.length === 1 && /^Bearer ([\w.~+/-]+=*)$/.exec(values[0])?.[1];
  if (!token) throw new Error("send one Authorization header: Bearer, one space, the token");
  const { payload } = await jwtVerify(token, keys, rules);
  return payload.sub;
}

createServer(async (request, response) => {
  try {
    response.end(await caller(request));
  } catch (error) {
    console.error(error.message);
    response.writeHead(401, { "www-authenticate": 'Bearer realm="api", error="invalid_token"' }).end();
  }
}).listen(port, "127.0.0.1");

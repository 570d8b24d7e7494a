// Better Auth under its own handler for plain Node.js, with e-mail and password, and its database in a file of SQLite, as
// durable as Keyward's. What it is to do comes as JSON in the environment variable BENCH.
import { createServer } from "node:http";

import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import { jwt } from "better-auth/plugins";
import Sqlite from "better-sqlite3";

const { port, origin, secret, database, audience } = JSON.parse(process.env.BENCH);

const sqlite = new Sqlite(database);
sqlite.pragma("journal_mode = WAL");
sqlite.pragma("synchronous = FULL");

const options = {
  baseURL: origin,
  secret,
  database: sqlite,
  emailAndPassword: { enabled: true },
  // Every read asks the database, so that a session that was ended is over.
  session: { cookieCache: { enabled: false } },
  // In production it would refuse what a benchmark sends.
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  // With tokens, every session that is read would be signed as well.
  plugins: audience ? [tokens()] : [],
};

/** Access tokens for one audience, signed with ES256. */
function tokens() {
  return jwt({
    jwks: { keyPairConfig: { alg: "ES256" } },
    jwt: { issuer: `${origin}/api/auth`, audience, expirationTime: "1h" },
  });
}

const { runMigrations } = await getMigrations(options);
await runMigrations();
const answer = toNodeHandler(betterAuth(options));
createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  if (request.url === "/readyz") return response.end("ready");
  return answer(request, response);
}).listen(port, "127.0.0.1");

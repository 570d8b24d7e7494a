// Auth.js 5 with the same ways in as the Keyward beside it. next-auth 5 hands every request to this same function;
// the framework around it is left out. What it is to do comes as JSON in the environment variable BENCH.
import { createServer } from "node:http";

import { Auth } from "@auth/core";
import Nodemailer from "@auth/core/providers/nodemailer";
import SMTPPool from "nodemailer/lib/smtp-pool/index.js";

import { memoryAdapter } from "./memory-adapter.mjs";

const { port, origin, secret, client, provider, mail } = JSON.parse(process.env.BENCH);

const config = {
  secret,
  basePath: "/api/auth",
  trustHost: true,
  adapter: memoryAdapter(),
  session: { strategy: "database" },
  providers: [...(provider ? [plain(), openid()] : []), ...(mail ? [links()] : [])],
};

/** Any OAuth 2.0 server, by its endpoints. */
function plain() {
  return {
    id: "plain",
    name: "Plain",
    type: "oauth",
    ...client,
    authorization: { url: `${provider}/authorize`, params: { scope: "profile email" } },
    token: `${provider}/token`,
    userinfo: `${provider}/userinfo`,
    checks: ["pkce", "state"],
  };
}

/** Any OpenID provider, by its issuer. */
function openid() {
  return { id: "openid", name: "OpenID", type: "oidc", ...client, issuer: provider, checks: ["pkce", "state", "nonce"] };
}

/** The package's own provider and mail, over connections that are kept: by itself it opens one for every mail. */
function links() {
  const pool = new SMTPPool({ url: mail.server, ignoreTLS: true, maxMessages: Infinity });
  const transport = { name: pool.name, version: pool.version, send: (message, done) => pool.send(message, done) };
  return Nodemailer({ id: "email", name: "Email", server: transport, from: mail.from });
}

createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  if (request.url === "/readyz") return response.end("ready");
  answer(request, response).catch((error) => {
    console.error(error);
    response.writeHead(500).end("Internal Server Error");
  });
}).listen(port, "127.0.0.1");

async function answer(request, response) {
  const { method, url } = request;
  const body = ["GET", "HEAD"].includes(method) ? undefined : await text(request);
  const answer = await Auth(new Request(origin + url, { method, headers: request.headers, body }), config);
  for (const [name, value] of answer.headers) if (name !== "set-cookie") response.setHeader(name, value);
  response.setHeader("set-cookie", answer.headers.getSetCookie());
  response.statusCode = answer.status;
  response.end(await answer.text());
}

async function text(request) {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk;
  return text;
}

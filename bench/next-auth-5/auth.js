// The same ways in as the Keyward beside it. What they are comes as JSON in the environment variable BENCH.
import { DrizzleAdapter } from "@auth/drizzle-adapter";
import NextAuth from "next-auth";
import Nodemailer from "next-auth/providers/nodemailer";
import SMTPPool from "nodemailer/lib/smtp-pool/index.js";

import { database } from "./database.js";

const { client, provider, mail } = JSON.parse(process.env.BENCH ?? "{}");

export const { handlers } = NextAuth({
  adapter: DrizzleAdapter(database),
  session: { strategy: "database" },
  providers: [...(provider ? [plain(), openid()] : []), ...(mail ? [links()] : [])],
});

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

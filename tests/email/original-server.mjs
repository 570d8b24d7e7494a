// One NextAuth server with the e-mail provider, as a program: its orders come as JSON in the environment variable
// ORIGINAL. Its mails go to a mail server by the original's own library, nodemailer.
import { Auth } from "@auth/core";
import Nodemailer from "@auth/core/providers/nodemailer";
import { createHash, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { createRequire } from "node:module";

import { memoryAdapter } from "../identity/originals/memory-adapter.mjs";
import { webRequest } from "../reference/auth-js-5.mjs";
import { nextApi } from "../reference/next-api.mjs";

const require = createRequire(import.meta.url);
const { dialect, port, origin, secret, mailPort } = JSON.parse(process.env.ORIGINAL);
const basePath = "/api/auth";
/** What the adapters of generations 4 and 5 were told to keep, in order. */
const stored = [];
const mail = { server: `smtp://127.0.0.1:${mailPort}?ignoreTLS=true`, from: "Acme <no-reply@acme.example>" };

const LISTENERS = {
  "next-auth-3"() {
    const NextAuth = require("next-auth-3").default;
    const Providers = require("next-auth-3/providers").default;
    const options = { secret, providers: [Providers.Email(mail)], adapter: adapterOf3(), session: { jwt: true } };
    return nextApi(basePath, (request, response) => NextAuth(request, response, options));
  },
  "next-auth-4"() {
    const NextAuth = require("next-auth-4").default;
    const Email = require("next-auth-4/providers/email").default;
    const options = { secret, providers: [Email(mail)], adapter: withTokens(memoryAdapter()), session: { strategy: "jwt" } };
    return nextApi(basePath, (request, response) => NextAuth(request, response, options));
  },
  "auth-js-5"() {
    const adapter = withTokens(memoryAdapter());
    const providers = [Nodemailer({ ...mail, id: "email", name: "Email" })];
    const config = { secret, basePath, trustHost: true, adapter, session: { strategy: "jwt" }, providers };
    return async (request, response) => {
      const answer = await Auth(webRequest(request, origin), { ...config });
      response.statusCode = answer.status;
      answer.headers.forEach((value, name) => name !== "set-cookie" && response.setHeader(name, value));
      response.setHeader("set-cookie", answer.headers.getSetCookie());
      response.end(Buffer.from(await answer.arrayBuffer()));
    };
  },
};

/** What an adapter of generations 4 and 5 does for links. */
function withTokens(adapter) {
  const tokens = new Map();
  const keyOf = ({ identifier, token }) => `${identifier} ${token}`;
  return {
    ...adapter,
    async createVerificationToken(token) {
      tokens.set(keyOf(token), token);
      stored.push(token);
      return token;
    },
    async useVerificationToken(token) {
      const found = tokens.get(keyOf(token)) ?? null;
      tokens.delete(keyOf(token));
      return found;
    },
  };
}

/** An adapter of generation 3, which hashes the token and sends the mail itself. */
function adapterOf3() {
  const users = new Map();
  const requests = new Map();
  const hashed = (token, secret) => createHash("sha256").update(`${token}${secret}`).digest("hex");
  const byEmail = (email) => [...users.values()].find((user) => user.email === email) ?? null;
  const methods = (options) => ({
    async createUser(profile) {
      const user = { name: null, image: null, ...profile, id: randomUUID() };
      users.set(user.id, user);
      return user;
    },
    getUser: async (id) => users.get(id) ?? null,
    getUserByEmail: async (email) => byEmail(email),
    getUserByProviderAccountId: async () => null,
    updateUser: async (user) => user,
    deleteSession: async () => {},
    async createVerificationRequest(identifier, url, token, secret, provider) {
      requests.set(`${identifier} ${hashed(token, secret)}`, { identifier, expires: new Date(Date.now() + 86_400_000) });
      await provider.sendVerificationRequest({ identifier, url, token, baseUrl: options.baseUrl, provider });
    },
    getVerificationRequest: async (identifier, token, secret) => requests.get(`${identifier} ${hashed(token, secret)}`) ?? null,
    deleteVerificationRequest: async (identifier, token, secret) => void requests.delete(`${identifier} ${hashed(token, secret)}`),
  });
  return { getAdapter: async (options) => methods(options) };
}

process.env.NEXTAUTH_URL = origin + basePath;
const handle = LISTENERS[dialect]();
createServer((request, response) => {
  if (request.url === "/readyz") return response.end("ready");
  if (request.url === "/stored") return response.end(JSON.stringify(stored));
  Promise.resolve(handle(request, response)).catch((error) => {
    console.error(error);
    response.writeHead(500).end("Internal Server Error");
  });
}).listen(port, "127.0.0.1");

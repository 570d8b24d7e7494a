// An application with Auth.js 5, framework aside: next-auth 5 hands every request to this same function.
import { Auth } from "@auth/core";
import { CredentialsSignin } from "@auth/core/errors";
import Credentials from "@auth/core/providers/credentials";
import { Readable } from "node:stream";

import { authorize, Refusal } from "./authorize.mjs";
import { FIELDS, KEPT, PROVIDERS, UPDATABLE } from "./setups.mjs";

/** The request listener; `setup` is one of `SETUPS`. */
export function listener({ setup, secret, backendUrl }) {
  const config = () => ({
    secret,
    trustHost: true,
    basePath: setup.basePath,
    providers: PROVIDERS.map(({ id, name, path, user }) =>
      Credentials({
        id,
        name,
        credentials: Object.fromEntries(FIELDS.map(({ name, label, type }) => [name, { label, type }])),
        authorize: (credentials) => authorize(credentials, backendUrl + path, user).catch(withCode),
      }),
    ),
    session: { maxAge: setup.maxAge },
    pages: setup.pages,
    callbacks: setup.shows ? { jwt, session } : {},
  });
  return async (request, response) => {
    const answer = await Auth(webRequest(request, setup.origin), config());
    response.statusCode = answer.status;
    answer.headers.forEach((value, name) => name !== "set-cookie" && response.setHeader(name, value));
    response.setHeader("set-cookie", answer.headers.getSetCookie());
    response.end(Buffer.from(await answer.arrayBuffer()));
  };
}

/** A request of `node:http` as the one that a framework hands to Auth.js. */
export function webRequest(request, origin) {
  const hasBody = !["GET", "HEAD"].includes(request.method);
  return new Request(origin + request.url, {
    method: request.method,
    headers: Object.entries(request.headersDistinct).flatMap(([name, values]) => values.map((value) => [name, value])),
    ...(hasBody && { body: Readable.toWeb(request), duplex: "half" }),
  });
}

function withCode(error) {
  if (!(error instanceof Refusal)) throw error;
  const refusal = new CredentialsSignin(error.message);
  refusal.code = error.code;
  throw refusal;
}

async function jwt({ token, user, trigger, session }) {
  if (user) for (const field of KEPT) token[field] = user[field];
  if (trigger === "update") for (const field of UPDATABLE) if (session?.[field] !== undefined) token[field] = session[field];
  return token;
}

async function session({ session, token }) {
  session.user.role = token.role;
  session.user.isLoggedIn = true;
  session.accessToken = token.accessToken;
  return session;
}

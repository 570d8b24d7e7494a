// An application with next-auth 3.
import { createRequire } from "node:module";

import { authorize } from "./authorize.mjs";
import { nextApi } from "./next-api.mjs";
import { FIELDS, KEPT, PROVIDERS } from "./setups.mjs";

const require = createRequire(import.meta.url);

/** The request listener; `setup` is one of `SETUPS`. */
export function listener({ setup, secret, backendUrl }) {
  process.env.NEXTAUTH_URL = setup.origin + setup.basePath;
  const NextAuth = require("next-auth-3").default;
  const Providers = require("next-auth-3/providers").default;

  const options = {
    secret,
    providers: PROVIDERS.map(({ id, name, path, user }) =>
      Providers.Credentials({
        id,
        name,
        credentials: Object.fromEntries(FIELDS.map(({ name, label, type }) => [name, { label, type }])),
        authorize: (credentials) => authorize(credentials, backendUrl + path, user),
      }),
    ),
    session: { maxAge: setup.maxAge },
    pages: setup.pages,
    callbacks: setup.shows ? { jwt, session } : {},
  };
  const answer = nextApi(setup.basePath, (request, response) => NextAuth(request, response, options));
  return hangingUp(answer);
}

/**
 * A callback address that is none makes this generation's handler reject a promise that nobody awaits, and never answer.
 * The connection is closed then, so that a client need not wait to learn it.
 */
function hangingUp(answer) {
  const open = new Set();
  process.on("unhandledRejection", (error) => {
    console.error("unanswered:", error.message);
    open.forEach((response) => response.destroy());
  });
  return (request, response) => {
    open.add(response);
    response.once("close", () => open.delete(response));
    return answer(request, response);
  };
}

async function jwt(token, user) {
  if (user) for (const field of KEPT) token[field] = user[field];
  return token;
}

async function session(session, token) {
  session.user.role = token.role;
  session.user.isLoggedIn = true;
  session.accessToken = token.accessToken;
  return session;
}

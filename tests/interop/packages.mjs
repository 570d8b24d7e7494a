// `encode`, `decode` and `getToken` of each real package, called as an application calls them.
import { parse as parseCookies } from "cookie";
import { createRequire } from "node:module";
import * as v5 from "next-auth-5/jwt";

import { SECRET } from "../support/keyward.mjs";

const require = createRequire(import.meta.url);
const v3 = require("next-auth-3/jwt").default;
// Only to keep this generation from warning; every call below says whether cookies are secure.
process.env.NEXTAUTH_URL ??= "http://localhost:4310";
const v4 = require("next-auth-4/jwt");
const { getServerSession } = require("next-auth-4/next");

const prefix = (secure) => (secure ? "__Secure-" : "");
const nodeRequest = ({ cookie, authorization }) => ({ cookies: parseCookies(cookie ?? ""), headers: { cookie, authorization } });

/**
 * By dialect. `getToken` takes `{cookie, authorization}` as they stand in a request, and `{secure, raw}`;
 * `pieceSize` is how the package cuts a long token, `undefined` where it does not.
 */
export const PACKAGES = {
  "next-auth-3": {
    cookieName: (secure) => `${prefix(secure)}next-auth.session-token`,
    encode: ({ claims, secret = SECRET }) => v3.encode({ token: claims, secret }),
    decode: ({ token, secret = SECRET }) => v3.decode({ token, secret }),
    getToken: (request, { secure, raw } = {}) =>
      v3.getToken({ req: nodeRequest(request), secret: SECRET, secureCookie: secure, raw }),
    pieceSize: undefined,
  },
  "next-auth-4": {
    cookieName: (secure) => `${prefix(secure)}next-auth.session-token`,
    encode: ({ claims, secret = SECRET }) => v4.encode({ token: claims, secret }),
    decode: ({ token, secret = SECRET }) => v4.decode({ token, secret }),
    getToken: (request, { secure, raw } = {}) =>
      v4.getToken({ req: nodeRequest(request), secret: SECRET, secureCookie: secure, raw }),
    pieceSize: 3933,
  },
  "auth-js-5": {
    cookieName: (secure) => `${prefix(secure)}authjs.session-token`,
    encode: ({ claims, secret = SECRET, name }) => v5.encode({ token: claims, secret, salt: name }),
    decode: ({ token, secret = SECRET, name }) => v5.decode({ token, secret, salt: name }),
    getToken: ({ cookie, authorization }, { secure, raw } = {}) =>
      v5.getToken({
        req: { headers: new Headers({ ...(cookie && { cookie }), ...(authorization && { authorization }) }) },
        secret: SECRET,
        secureCookie: secure,
        raw,
      }),
    pieceSize: 3936,
  },
};

/**
 * next-auth 4's `getServerSession` in an application's own process.
 * Returns the session that it sees and the `Set-Cookie` lines that it writes.
 */
export async function serverSession(cookie) {
  const headers = {};
  const response = {
    getHeader: (name) => headers[name.toLowerCase()],
    setHeader: (name, value) => (headers[name.toLowerCase()] = value),
  };
  const session = await getServerSession(nodeRequest({ cookie }), response, { secret: SECRET });
  return { session, setCookies: headers["set-cookie"] ?? [] };
}

// What differs between the generations as seen from a client: names, the way to ask for JSON, the package that opens tokens.
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import * as v5 from "next-auth-5/jwt";

import { SECRET } from "../support/keyward.mjs";

const require = createRequire(import.meta.url);
const v3 = require("next-auth-3/jwt").default;
const v4 = require("next-auth-4/jwt");

const DAY = 24 * 60 * 60;
const names = (family, secure) => ({
  session: `${secure ? "__Secure-" : ""}${family}.session-token`,
  callback: `${secure ? "__Secure-" : ""}${family}.callback-url`,
  csrf: `${secure ? "__Host-" : ""}${family}.csrf-token`,
});

/** By dialect: `cookies(secure)`, `encode`, `decode`, and how its client asks for JSON instead of a redirect. */
export const DIALECTS = {
  "next-auth-3": {
    cookies: (secure) => names("next-auth", secure),
    encode: ({ claims, maxAge = 30 * DAY, secret = SECRET }) =>
      v3.encode({ token: { ...claims, ...times(maxAge) }, secret, signingOptions: { iat: false } }),
    decode: ({ token }) => v3.decode({ token, secret: SECRET }),
    jsonField: ["json", "true"],
    jsonHeader: {},
  },
  "next-auth-4": {
    cookies: (secure) => names("next-auth", secure),
    encode: ({ claims, maxAge = 30 * DAY, secret = SECRET }) => v4.encode({ token: claims, maxAge, secret }),
    decode: ({ token }) => v4.decode({ token, secret: SECRET }),
    jsonField: ["json", "true"],
    jsonHeader: {},
  },
  "auth-js-5": {
    cookies: (secure) => names("authjs", secure),
    encode: ({ claims, maxAge = 30 * DAY, secret = SECRET, salt = "authjs.session-token" }) =>
      v5.encode({ token: claims, maxAge, secret, salt }),
    decode: ({ token, salt }) => v5.decode({ token, secret: SECRET, salt }),
    jsonField: undefined,
    jsonHeader: { "x-auth-return-redirect": "1" },
  },
};

/** Times of a token made now; this package's own way to set them knows no expired token. */
function times(maxAge) {
  const iat = Math.floor(Date.now() / 1_000) - (maxAge < 0 ? 2 * -maxAge : 0);
  return { iat, exp: Math.floor(Date.now() / 1_000) + maxAge };
}

/** The value of a CSRF cookie for `token`, as every generation computes it. */
export function csrfCookie(token, secret = SECRET) {
  return `${token}|${createHash("sha256").update(token + secret).digest("hex")}`;
}

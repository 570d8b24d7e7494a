// Where Keyward answers a client of auth-js-5 otherwise than the original, on purpose.
// Each entry allows one field of one exchange and says why.

const NEVER_500 = "what a request does wrong is answered with 4xx, never 5xx";
const FIRST = "the first of a repeated field counts, in every generation; the original takes the last";
const JSON_REFUSAL = "a refusal carries a code and an absolute url, so that the client's new URL(data.url) works";
const NO_ADDRESS = "no http(s) address: refused in a body as in a query, with 4xx";
const FORGETS = "a broken callback cookie is replaced instead of failing every request of that browser";
const PLAIN_ACTION = "the form goes to the action alone; the place to go is in the callback cookie, which the same answer sets";

export default [
  { exchange: "a wrong token before the right one > POST /signin/login", field: "location", reason: FIRST },
  { exchange: "a wrong token before the right one > POST /signin/login", field: "body", reason: FIRST },
  { exchange: "the sign-out page > GET /signout?callbackUrl=/bye", field: "body", reason: PLAIN_ACTION },
  { exchange: "the sign-out page > GET /signout?csrf=true", field: "body", reason: PLAIN_ACTION },

  { exchange: "signing in to /\\evil.test > sign in", field: "cookie callback: value", reason: "stored as every browser reads it, with a slash" },
  { exchange: "a form with callbackUrl=javascript:alert(1) > POST /signin/login", field: "status", reason: NO_ADDRESS },
  { exchange: "a form with callbackUrl=javascript:alert(1) > POST /signin/login", field: "location", reason: NO_ADDRESS },
  { exchange: "a form with callbackUrl=javascript:alert(1) > POST /signin/login", field: "body", reason: JSON_REFUSAL },
  { exchange: "a form with callbackUrl=no address > POST /signin/login", field: "status", reason: NO_ADDRESS },
  { exchange: "a form with callbackUrl=no address > POST /signin/login", field: "body", reason: JSON_REFUSAL },
  { exchange: "a form with two places to go > POST /signin/login", field: "cookie callback", reason: FIRST },
  { exchange: "a query with a script as callbackUrl > GET /signin?callbackUrl=javascript:alert(1)", field: "status", reason: NEVER_500 },
  { exchange: "a query with a script as callbackUrl > GET /signin?callbackUrl=javascript:alert(1)", field: "body", reason: JSON_REFUSAL },
  { exchange: "a callback cookie that is a script > GET /signin", field: "status", reason: FORGETS },
  { exchange: "a callback cookie that is a script > GET /signin", field: "body", reason: FORGETS },
  { exchange: "a callback cookie that is a script > GET /signin", field: "cookie callback", reason: FORGETS },
  { exchange: "a callback cookie that is junk > GET /providers", field: "status", reason: FORGETS },
  { exchange: "a callback cookie that is junk > GET /providers", field: "body", reason: FORGETS },

  { exchange: "known actions with a wrong method > HEAD /session", field: "status", reason: "HEAD is answered as GET (RFC 9110 §9.3.2)" },
  { exchange: "bodies that are no form > broken JSON", field: "body", reason: JSON_REFUSAL },
  { exchange: "broken percent-encoding in a path > GET /error/%zz", field: "body", reason: JSON_REFUSAL },
  { exchange: "own pages instead of the built-in ones > GET /error?error=a%20b%26c", field: "location", reason: "the error is encoded; the original lets it add parameters of its own" },
];

// Where Keyward answers a client of next-auth-4 otherwise than the original, on purpose.
// Each entry allows one field of one exchange and says why.

const NEVER_500 = "what a request does wrong is answered with 4xx, never 5xx";
const JSON_REFUSAL = "a refusal carries a code and an absolute url, so that the client's new URL(data.url) works";
const FORGETS = "a broken callback cookie is replaced instead of failing every request of that browser";

export default [
  { exchange: "signing in by GET > GET /callback/login?email=ada@example.com&password=x", field: "status", reason: NEVER_500 },

  { exchange: "signing in to /\\evil.test > sign in", field: "cookie callback: value", reason: "stored as every browser reads it, with a slash" },
  { exchange: "a form with callbackUrl=javascript:alert(1) > POST /signin/login", field: "status", reason: "no http(s) address: refused in a body as in a query" },
  { exchange: "a form with callbackUrl=javascript:alert(1) > POST /signin/login", field: "body", reason: JSON_REFUSAL },
  { exchange: "a form with callbackUrl=no address > POST /signin/login", field: "status", reason: NEVER_500 },
  { exchange: "a form with callbackUrl=no address > POST /signin/login", field: "body", reason: JSON_REFUSAL },
  { exchange: "a form with two places to go > POST /signin/login", field: "status", reason: NEVER_500 },
  { exchange: "a form with two places to go > POST /signin/login", field: "body", reason: "the first of a repeated field counts; the original throws" },
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
  { exchange: "an error that comes twice > GET /error?error=AccessDenied&error=Verification", field: "status", reason: NEVER_500 },
  { exchange: "an error that comes twice > GET /error?error=AccessDenied&error=Verification", field: "body", reason: "the first of a repeated parameter counts; the original throws" },
  { exchange: "a body beyond the limit > POST /callback/login", field: "body", reason: JSON_REFUSAL },

  { exchange: "under another base path, for an hour > sign in as ada", field: "cookie session: token", reason: "the token's exp follows the session's lifetime from the start; the original seals 30 days until the first read" },
  { exchange: "own pages instead of the built-in ones > GET /error?error=a%20b%26c", field: "location", reason: "the error is encoded; the original lets it add parameters of its own" },
];

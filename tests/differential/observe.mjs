// Turns an answer into what is compared: one value a field, with everything random or timed replaced by its kind.
import { parseSetCookie } from "./cookies.mjs";
import { csrfCookie } from "./dialects.mjs";
import { observeHtml } from "./html.mjs";

const CSRF_TOKEN = /^[0-9a-f]{64}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Keyward's tokens say which session they are of, when its record was kept, and how and when their person signed in: the
 * only claims of its own. */
export const OWN_CLAIMS = ["sid", "seen", "amr", "auth_time"];

/** An object of named fields; `undefined` in a field means that it is absent from the answer. `cookies` holds further ones. */
export async function observe({ answer, request, names, dialect, dialectName, setup, jar }) {
  if (!answer) return { answer: "none" };
  const cookies = answer.setCookies.map(parseSetCookie);
  const context = { names, dialect, dialectName, setup, jar, cookies, request };
  return {
    answer: "given",
    status: answer.status,
    "content-type": contentType(answer),
    "cache-control": answer.headers["cache-control"],
    pragma: answer.headers.pragma,
    expires: answer.headers.expires,
    location: address(answer.headers.location, request, setup),
    cookies: await observeCookies(context),
    body: observeBody(answer, context),
  };
}

/**
 * The media type; UTF-8 is what an absent charset means. An empty body has none, whatever was said of it,
 * and a bare sentence is plain text, also where the original forgets the type or says HTML.
 */
function contentType({ headers, body }) {
  if (body === "") return undefined;
  const type = headers["content-type"]?.toLowerCase().replace(/;\s*charset=utf-8$/, "") ?? "text/plain";
  return type === "text/html" && !body.includes("<") ? "text/plain" : type;
}

/** An address in its parts, so that writing it differently makes no difference. */
function address(value, request, setup) {
  if (value === undefined) return undefined;
  const url = new URL(value, setup.origin + request.path);
  return { origin: url.origin, path: url.pathname, query: [...url.searchParams], hash: url.hash };
}

/** By logical name (`session` stands for all its pieces): attributes, and the value's kind or the token inside. */
async function observeCookies(context) {
  const { cookies, names } = context;
  const isSession = ({ name }) => name.startsWith(names.session);
  const logical = Object.fromEntries(Object.entries(names).map(([name, full]) => [full, name]));
  const observed = {};
  for (const cookie of cookies.filter((cookie) => !isSession(cookie))) {
    const entry = (observed[logical[cookie.name] ?? cookie.name] ??= { attributes: [], value: [] });
    entry.attributes.push(attributes(cookie));
    entry.value.push(smallValue(cookie.value, context));
  }
  const pieces = cookies.filter(isSession);
  if (pieces.length > 0) {
    observed.session = {
      attributes: Object.fromEntries(pieces.map((piece) => [piece.name, attributes(piece)])),
      pieces: pieces.map(({ name, value }, index) => [name, pieceLength(value, pieces[index + 1])]).sort(),
      token: await observeToken(pieces, context),
    };
  }
  return observed;
}

/** The length of a full piece is part of the format; that of the last one depends on what is inside. */
function pieceLength(value, next) {
  if (value === "") return "empty";
  return next?.value ? value.length : "rest";
}

function attributes({ attributes }) {
  const { expires, ...rest } = attributes;
  return { ...rest, ...(expires && { expires: fromNow(Date.parse(expires)) }) };
}

function smallValue(value, { names, jar }) {
  if (value === "") return "empty";
  const [token, hash] = value.split("|");
  if (CSRF_TOKEN.test(token) && hash) {
    const renewed = token !== jar.csrfToken(names.csrf);
    return `csrf token, ${value === csrfCookie(token) ? "hash right" : "hash wrong"}, ${renewed ? "new" : "as before"}`;
  }
  return value;
}

async function observeToken(pieces, { dialect, names }) {
  const token = pieces.map(({ value }) => value).join("");
  if (token === "") return "cleared";
  const header = JSON.parse(Buffer.from(token.split(".")[0], "base64url").toString());
  try {
    const { iat, exp, jti, ...claims } = await dialect.decode({ token, salt: names.session });
    for (const own of OWN_CLAIMS) delete claims[own];
    return {
      header,
      parts: token.split(".").length,
      claims,
      issued: fromNow(iat * 1_000),
      lifetime: `${Math.round((exp - iat) / 60)} min`,
      jti: jti === undefined ? "none" : UUID.test(jti) ? "uuid" : jti,
    };
  } catch (error) {
    return { header, unreadable: error.message };
  }
}

function observeBody(answer, context) {
  const type = contentType(answer);
  if (answer.body === "") return "empty";
  if (type === "text/html") return observeHtml(answer.body, context);
  if (!type.startsWith("application/json")) return "text";
  try {
    return { json: normal(JSON.parse(answer.body), "", context) };
  } catch {
    return { unreadable: answer.body };
  }
}

function normal(value, key, context) {
  if (Array.isArray(value)) return value.map((item) => normal(item, key, context));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, normal(entry, name, context)]));
  }
  if (key === "csrfToken" && CSRF_TOKEN.test(value)) return csrfOrigin(value, context);
  if (key === "message") return typeof value === "string" ? "a message" : value;
  if (key === "url") return address(value, context.request, context.setup);
  if (typeof value === "string" && TIME.test(value)) return fromNow(Date.parse(value));
  return value;
}

/** Whether the token is the one that the browser holds after this answer. */
export function csrfOrigin(token, { names, jar, cookies }) {
  const set = cookies.find(({ name }) => name === names.csrf)?.value.split("|")[0];
  return token === (set ?? jar.csrfToken(names.csrf)) ? "csrf token of the cookie" : "csrf token without its cookie";
}

/** A moment as its distance, to the minute: both servers answer within moments of each other. */
function fromNow(milliseconds) {
  const minutes = Math.round((milliseconds - Date.now()) / 60_000);
  return `now + ${minutes} min`;
}

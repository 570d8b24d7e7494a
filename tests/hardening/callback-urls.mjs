// The corpus of hostile callback addresses: how it is read, how a request carries a line of it, and who judges where
// an answer leads.
import { readFile } from "node:fs/promises";

/** Where people may land: the deployment's own origin, and the one that it lists. */
export const OWN = "https://app.test";
export const LISTED = "https://docs.test";

/** The corpus: `{line, bytes}`, where `{0A}` in a line is the byte of that value. */
export async function hostileCallbackUrls() {
  const text = await readFile(new URL("hostile-callback-urls.txt", import.meta.url), "utf8");
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("# "));
  return lines.map((line) => ({ line, bytes: bytesOf(line) }));
}

function bytesOf(line) {
  const pieces = line.split(/\{([0-9A-F]{2})\}/);
  return Buffer.concat(pieces.map((piece, at) => (at % 2 ? Buffer.from(piece, "hex") : Buffer.from(piece))));
}

/** Each way in which a request can carry an address: `(bytes) => {query, type, body, cookie}`. */
export const CARRIERS = {
  query: (bytes) => ({ query: percentEncoded(bytes) }),
  "query, as it stands": (bytes) => ({ query: asItStands(bytes) }),
  form: (bytes) => ({ type: "application/x-www-form-urlencoded", body: `callbackUrl=${percentEncoded(bytes)}` }),
  JSON: (bytes) => ({ type: "application/json", body: `{"callbackUrl":${json(bytes)}}` }),
  cookie: (bytes) => ({ cookie: percentEncoded(bytes) }),
  "cookie, as it stands": (bytes) => ({ cookie: asItStands(bytes) }),
};

const percentEncoded = (bytes) => [...bytes].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");

/** Only what would break the request's head apart is encoded. */
const asItStands = (bytes) => bytes.toString("latin1").replace(/[\0-\x20\x7f]/g, (byte) => percentEncoded(Buffer.from(byte)));

/** The text as JSON; what stands for a lone surrogate in bytes is one in JSON. */
function json(bytes) {
  const marked = bytes.toString("latin1").replace(/\xed[\xa0-\xbf][\x80-\xbf]/g, (surrogate) => {
    const [, second, third] = Buffer.from(surrogate, "latin1");
    return `\\u${(0xd000 | ((second & 0x3f) << 6) | (third & 0x3f)).toString(16)}`;
  });
  return marked
    .split(/(\\ud[89a-f][0-9a-f]{2})/)
    .map((piece, at) => (at % 2 ? piece : JSON.stringify(Buffer.from(piece, "latin1").toString()).slice(1, -1)))
    .join("")
    .replace(/^|$/g, '"');
}

/**
 * Everywhere that an answer may lead its reader: `Location`, the `url` of a JSON body, the cookie with the place to
 * go, and in a page what is linked, submitted, run or sent along.
 */
export function placesOf({ headers, rawHeaders, text }) {
  const places = rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1].toLowerCase() === "location");
  for (const line of headers["set-cookie"] ?? []) {
    const remembered = /^[^=]*callback-url=([^;]*)/.exec(line)?.[1];
    if (remembered) places.push(decodeURIComponent(remembered));
  }
  if (headers["content-type"]?.startsWith("application/json")) {
    const { url } = JSON.parse(text) ?? {};
    if (url !== undefined) places.push(url);
  }
  if (headers["content-type"]?.startsWith("text/html")) {
    for (const [tag] of text.matchAll(/<(?:a|base|form|button|iframe|script|input[^>]*name="callbackUrl")\b[^>]*>/g)) {
      for (const [, value] of tag.matchAll(/\s(?:href|src|action|formaction|value)="([^"]*)"/g)) places.push(unescaped(value));
    }
  }
  return places;
}

function unescaped(text) {
  const named = { amp: "&", lt: "<", gt: ">", quot: '"' };
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (_, decimal, hex, name) =>
    name ? named[name] : String.fromCodePoint(decimal ? Number(decimal) : parseInt(hex, 16)),
  );
}

/** Why `place`, given in an answer of `from`, leads off our origins, or nothing. */
export function strays(place, from) {
  if (!/^[\x21-\x7e]*$/.test(place)) return "holds what is no character of an address";
  let url;
  try {
    url = new URL(place, from);
  } catch {
    return "is no address";
  }
  if (![OWN, LISTED].includes(url.origin)) return `leads to ${url.origin}`;
  if (url.username || url.password) return "names a user";
  // RFC 3986, appendix B: for readers that know no backslashes, tabs and missing slashes.
  const [, , scheme, , authority] = /^(([^:/?#]+):)?(\/\/([^/?#]*))?/.exec(place);
  if (scheme !== undefined && scheme !== "https") return `is of scheme ${scheme}`;
  if (authority !== undefined && !/^(app|docs)\.test(:(443)?)?$/.test(authority)) return `is at ${authority}`;
  if (scheme !== undefined && authority === undefined) return "has no host";
  return undefined;
}

// The existing back end behind the credentials providers: strict about what it is sent, and each e-mail address has its answer.
import { createServer } from "node:http";
import { once } from "node:events";

const NOT_FOR_THE_BACKEND = ["csrfToken", "callbackUrl", "json", "redirect"];

/** The user that `ada@example.com` signs in as; the others are variations of her. */
export const ADA = {
  id: "user-1",
  name: "Ada",
  email: "ada@example.com",
  role: "admin",
  accessToken: "back-end-token",
  passwordHash: "never shown",
};

const json = (status, body) => (response) => {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
};
const text = (status, type, body) => (response) => response.writeHead(status, { "content-type": type }).end(body);
const user = (changes) => json(200, { ...ADA, ...changes });

/** What each address is answered, by the part before the `@`. */
const ANSWERS = {
  ada: user({}),
  picture: user({ id: "user-2", email: "picture@example.com", image: "https://cdn.test/ada.png" }),
  unicode: user({ id: "user-3", email: "unicode@example.com", name: "Ädá Løvelace 🧮" }),
  numeric: user({ id: 42, email: "numeric@example.com" }),
  minimal: json(200, { id: "user-5" }),
  large: user({ id: "user-6", email: "large@example.com", accessToken: "x".repeat(6_000) }),
  wrapped: json(200, { data: { ...ADA, id: "user-7", email: "wrapped@example.com" } }),

  wrong: json(401, { message: "Wrong e-mail address or password" }),
  refused: json(422, { message: "This account is locked", code: "locked" }),
  bare: json(422, {}),
  spaces: json(403, { message: "a & b = c?\u00e4 #1", code: "a b&c" }),
  trouble: json(500, { message: "The ledger is closed", code: "ledger_closed" }),
  broken: text(500, "text/html", "<h1>Stack trace</h1> secret details"),

  garbled: text(200, "application/json", '{"id": "user-1", '),
  shapeless: json(200, ["no", "user"]),
  nobody: text(200, "application/json", "null"),
  huge: (response) => response.writeHead(200, { "content-type": "application/json" }).end(`"${"x".repeat(2_000_000)}"`),
  hang: () => {},
  cut: (response) => response.socket.destroy(),
};

/**
 * Starts the back end on a free loopback port.
 * Returns its `url`, the `calls` it received, the `faults` it found in them (each one a failure of the test), and `stop()`.
 */
export async function startBackend() {
  const calls = [];
  const faults = [];

  const server = createServer(async (request, response) => {
    const body = await readText(request);
    const fault = faultIn(request, body);
    if (fault) {
      faults.push(`${request.method} ${request.url}: ${fault}`);
      return json(400, { message: `the back end refuses the call: ${fault}` })(response);
    }
    const fields = JSON.parse(body);
    calls.push({ path: request.url, fields });
    const [who] = fields.email.split("@");
    (ANSWERS[who] ?? ANSWERS.wrong)(response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  return {
    url: `http://127.0.0.1:${server.address().port}`,
    calls,
    faults,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

async function readText(request) {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) body += chunk;
  return body;
}

function faultIn(request, body) {
  if (!["/api/login", "/api/signup"].includes(request.url)) return "unknown path";
  if (request.method !== "POST") return "not a POST";
  if (!/^application\/json\b/.test(request.headers["content-type"] ?? "")) return "not sent as application/json";
  if (request.headers.cookie) return "carries the browser's cookies";
  let fields;
  try {
    fields = JSON.parse(body);
  } catch {
    return "the body is not JSON";
  }
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) return "the body is not an object";
  const foreign = NOT_FOR_THE_BACKEND.filter((name) => name in fields);
  if (foreign.length > 0) return `carries NextAuth's own fields: ${foreign.join(", ")}`;
  if (typeof fields.email !== "string" || typeof fields.password !== "string") return "lacks the e-mail address or the password";
  return undefined;
}

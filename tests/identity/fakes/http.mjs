// A request as the fakes read it, the answers that they give, and the ways in which they break down.

/** What a fake does not accept: `reason` goes to its list of refusals, `answer` to whoever asked. */
export class Refusal extends Error {
  constructor(reason, answer = text(400, reason)) {
    super(reason);
    this.answer = answer;
  }
}

/** Reads a request: `method`, `path`, `query` and `form` (URLSearchParams), `headers`, `body`. */
export async function readRequest(incoming) {
  let body = "";
  for await (const chunk of incoming.setEncoding("utf8")) body += chunk;
  const { pathname, searchParams } = new URL(incoming.url, "http://fake");
  const type = (incoming.headers["content-type"] ?? "").split(";")[0].trim();
  const form = type === "application/x-www-form-urlencoded" ? new URLSearchParams(body) : undefined;
  return { method: incoming.method, path: pathname, query: searchParams, headers: incoming.headers, body, form };
}

export const json = (status, body, headers = {}) => ({
  status,
  headers: { "content-type": "application/json; charset=utf-8", ...headers },
  body: JSON.stringify(body),
});

export const text = (status, body, type = "text/plain; charset=utf-8", headers = {}) => ({
  status,
  headers: { "content-type": type, ...headers },
  body,
});

export const page = (title, content) =>
  text(
    200,
    `<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>${escape(title)}</title>${content}`,
    "text/html; charset=utf-8",
  );

export const seeOther = (location) => ({ status: 303, headers: { location: String(location) }, body: "" });

/** `text` for HTML, between tags and in quotes. */
export const escape = (text) => String(text).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

export function send(outgoing, { status, headers, body }) {
  outgoing.writeHead(status, headers).end(body);
}

/** How a provider breaks down: by name, what is done instead of answering. */
export const BREAKDOWNS = {
  "answers 500": (outgoing) => send(outgoing, json(500, { error: "server_error" })),
  "answers an HTML page": (outgoing) =>
    send(outgoing, text(200, "<!doctype html><h1>We are upgrading</h1>", "text/html; charset=utf-8")),
  "answers far too much": (outgoing) => {
    outgoing.writeHead(200, { "content-type": "application/json" });
    const piece = `{"${"x".repeat(64 * 1024)}":`;
    const write = () => {
      while (!outgoing.destroyed && outgoing.write(piece));
      outgoing.once("drain", write);
    };
    write();
  },
  "answers nonsense": (outgoing) => send(outgoing, json(200, ["no", "object"])),
  "redirects": (outgoing) => send(outgoing, seeOther("http://169.254.169.254/latest/meta-data")),
  "hangs up": (outgoing) => outgoing.socket.destroy(),
  "never answers": () => {},
};

// One HTTP request as it stands: no redirects followed, no header invented, no path cleaned.
import { request } from "node:http";

const PATIENCE_MS = 5_000;

/** The answer as `{status, headers, setCookies, body}`, or `undefined` where none came (in time). */
export function send({ url, method, path, headers, body }) {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(url);
    const outgoing = request({ hostname, port, method, path, headers, agent: false });
    outgoing.setTimeout(PATIENCE_MS, () => outgoing.destroy());
    outgoing.once("error", () => resolve(undefined));
    outgoing.once("response", (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.once("error", () => resolve(undefined));
      response.once("end", () =>
        resolve({
          status: response.statusCode,
          headers: response.headers,
          setCookies: response.headers["set-cookie"] ?? [],
          body: Buffer.concat(chunks).toString("utf8"),
        }),
      );
    });
    outgoing.end(body);
  });
}

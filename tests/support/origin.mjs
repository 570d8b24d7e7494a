// One origin for a static application and an authentication server: what a small development proxy does.
import http from "node:http";

/**
 * Serves `app` ({page, script}) on a free port of localhost and passes everything under `basePath` on to
 * the server named with `forwardTo`. The server may be started later, since it has to know `url` first.
 *
 * `host: "keep"` leaves the `Host` header as the browser sent it; `"rewrite"` sends the upstream's own and the
 * browser's in `X-Forwarded-Host` and `X-Forwarded-Proto`, as Next.js rewrites do.
 *
 * Gives `{url, forwardTo, close}`.
 */
export async function startOrigin({ app, basePath = "/api/auth", host = "keep" }) {
  let upstream;
  const server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    if (pathname === basePath || pathname.startsWith(`${basePath}/`)) {
      forward(request, response, { upstream, host });
    } else if (pathname === "/main.jsx") {
      response.setHeader("content-type", "text/javascript; charset=utf-8").end(app.script);
    } else {
      response.setHeader("content-type", "text/html; charset=utf-8").end(app.page);
    }
  });
  await new Promise((resolve, reject) => server.listen(0, "127.0.0.1", resolve).once("error", reject));

  return {
    url: `http://localhost:${server.address().port}`,
    forwardTo: (url) => (upstream = new URL(url)),
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

function forward(request, response, { upstream, host }) {
  const outgoing = http.request(
    {
      host: upstream.hostname,
      port: upstream.port,
      path: request.url,
      method: request.method,
      headers: host === "keep" ? request.headers : rewrittenHeaders(request, upstream),
      agent: false,
    },
    (answer) => {
      // The raw list keeps several Set-Cookie headers apart.
      response.writeHead(answer.statusCode, answer.rawHeaders);
      answer.pipe(response);
    },
  );
  outgoing.on("error", (error) => {
    if (response.headersSent) return response.destroy();
    response
      .writeHead(502, { "content-type": "text/plain" })
      .end(`no answer from ${upstream}: ${error.code}`);
  });
  response.on("close", () => outgoing.destroy());
  request.pipe(outgoing);
}

function rewrittenHeaders({ headers }, upstream) {
  return {
    ...headers,
    host: upstream.host,
    "x-forwarded-host": headers.host,
    "x-forwarded-proto": "http",
    "x-forwarded-for": "127.0.0.1",
  };
}

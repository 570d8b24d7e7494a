// The application's own API, which Vite passes /api on to. The browser's cookie comes along.
import { createServer } from "node:http";

import { sessionOf } from "./lib/session.js";

/** What each address gives to the person who asks. */
const routes = {
  "/api/orders": ({ user }) => ({ of: user.name, orders: [`a book for ${user.name}`] }),
};

const server = createServer(async (request, response) => {
  const { status, body } = await answerTo(request);
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
});

async function answerTo(request) {
  if (request.url === "/api/health") return { status: 200, body: { ok: true } };
  try {
    const route = routes[request.url];
    if (!route) return { status: 404, body: { error: "there is no such thing" } };
    const session = await sessionOf(request);
    if (!session) return { status: 401, body: { error: "sign in first" } };
    return { status: 200, body: route(session) };
  } catch (error) {
    console.error(error);
    return { status: 503, body: { error: "try again in a moment" } };
  }
}

server.listen(Number(process.env.PORT ?? 3001), "127.0.0.1");

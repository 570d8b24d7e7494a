// One NextAuth server as a program: its orders come as JSON in the environment variable ORIGINAL.
import { createServer } from "node:http";

const { dialect, port, ...orders } = JSON.parse(process.env.ORIGINAL);
const { listener } = await import(`./${dialect}.mjs`);
const handle = await listener(orders);

createServer((request, response) => {
  if (request.url === "/readyz") return response.end("ready");
  Promise.resolve(handle(request, response)).catch((error) => {
    console.error(error);
    response.writeHead(500).end("Internal Server Error");
  });
}).listen(port, "127.0.0.1");

// One reference server as a program: its orders come as JSON in the environment variable REFERENCE.
import { createServer } from "node:http";

import { SETUPS } from "./setups.mjs";

const { dialect, setup, secret, backendUrl, port } = JSON.parse(process.env.REFERENCE);
const { listener } = await import(`./${dialect}.mjs`);
const handle = listener({ setup: SETUPS[setup], secret, backendUrl });

createServer((request, response) => {
  if (request.url === "/readyz") return response.end("ready");
  Promise.resolve(handle(request, response)).catch((error) => {
    console.error(error);
    response.writeHead(500).end("Internal Server Error");
  });
}).listen(port, "127.0.0.1");

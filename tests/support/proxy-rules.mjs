// The proxy rules that the README gives, each written here once.
import { readFile } from "node:fs/promises";

/** A `location` for an nginx server that already serves the application. */
export const nginxRule = `
location /api/auth/ {
    proxy_pass http://localhost:4000;
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-Host $http_host;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-For $remote_addr;
    # A session that carries the tokens of a back end is larger than nginx expects of a header.
    proxy_buffer_size 16k;
    proxy_buffers 4 16k;
}
`.trim();

/** `vite.config.js`. */
export const viteRule = `
export default {
  server: {
    proxy: { "/api/auth": { target: "http://localhost:4000", xfwd: true } },
  },
};
`.trim();

/** `next.config.mjs`, which takes another address from KEYWARD_URL. */
export const nextRule = (
  await readFile(new URL("../clients/next-rewrites/next.config.mjs", import.meta.url), "utf8")
).trim();

/** `rule` for a Keyward that listens at `url`. */
export function forKeywardAt(url, rule) {
  return rule.replaceAll("http://localhost:4000", url);
}

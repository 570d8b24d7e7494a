// Debian's Chromium, driven by playwright-core.
//
// Most tests take its headless shell: the same engine, network and cookies without the browser's own windows, which cost
// more than half of the processor time of a test. What has to hold in the whole browser asks for it.
import { chromium } from "playwright-core";

const SHELL = "/usr/bin/chromium-headless-shell";
const WHOLE = "/usr/bin/chromium";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * Starts the browser. Every journey takes a context of its own from it: own cookies, own storage.
 *
 * `addresses` says where names lead: `{"app.test:443": "127.0.0.1:4711"}` shows what listens on port 4711 as
 * `https://app.test`. Every name that it does not list leads nowhere, except those of this machine. `whole` starts the
 * browser with everything that people have.
 */
export function startChromium({ addresses = {}, whole = false } = {}) {
  const rules = [
    ...Object.entries(addresses).map(([name, address]) => `MAP ${name} ${address}`),
    ...["localhost", "127.0.0.1"].map((name) => `MAP ${name} 127.0.0.1`),
    "MAP * ~NOTFOUND",
  ];
  return chromium.launch({
    executablePath: whole ? WHOLE : SHELL,
    args: [...FLAGS, `--host-resolver-rules=${rules.join(",")}`],
  });
}

// Debian's Chromium, driven by playwright-core.
import { chromium } from "playwright-core";

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

/** Starts the browser. Every journey takes a context of its own from it: own cookies, own storage. */
export function startChromium() {
  return chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS });
}

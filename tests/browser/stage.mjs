// One origin as a browser sees it, with either the real NextAuth or Keyward behind it: the setup `main` of the
// differential tests, whose public address Chromium finds on a free port.
import { startBackend } from "../reference/backend.mjs";
import { SETUPS, keywardConfig } from "../reference/setups.mjs";
import { startReference } from "../reference/start.mjs";
import { startChromium } from "../support/chromium.mjs";
import { bundleClientApp } from "../support/client-app.mjs";
import { clientTab } from "../support/client-page.mjs";
import { startKeyward } from "../support/keyward.mjs";
import { openedThings } from "../support/opened.mjs";
import { startOrigin } from "../support/origin.mjs";

const PATIENCE_MS = 8_000;

/**
 * Prepares the client application, the back end and the browser for `dialect`; servers start when they are first
 * played against.
 *
 * `front` starts what stands at the origin, by default the small proxy: `({app, dialect}) => {port, forwardTo, stop}`.
 * `backendUrl` replaces the test back end; `keyward` replaces what Keyward is started with; `whole` is Chromium's.
 * Gives `play(journey, server)`, where `server` is `"reference"` or `"keyward"`, and `close`.
 */
export async function openStage({ dialect, setup = "main", front = smallProxy, backendUrl, keyward, whole }) {
  const opened = openedThings();
  try {
    const { origin } = SETUPS[setup];
    const backend = await opened.add(startBackend(), (backend) => backend.stop());
    const shop = backendUrl ?? backend.url;
    const app = await bundleClientApp(dialect);
    const proxy = await opened.add(front({ app, dialect }), (proxy) => proxy.stop());
    const chromium = await opened.add(
      startChromium({ addresses: { [hostAndPort(origin)]: `127.0.0.1:${proxy.port}` }, whole }),
      (chromium) => chromium.close(),
    );
    const starters = {
      reference: () => startReference({ dialect, setup, backendUrl: shop }),
      keyward: () => startKeyward(keyward ?? { config: keywardConfig({ dialect, setup, backendUrl: shop }) }),
    };
    const servers = {};
    const started = (name) => (servers[name] ??= opened.add(starters[name](), (server) => server.stop()));

    return {
      close: opened.close,
      async play(journey, name) {
        const server = await started(name);
        await proxy.forwardTo(server.url);
        return inNewContext(chromium, { dialect, origin, journey });
      },
    };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** Plays `journey` as a person whose browser is new; gives what it observed, and each error that a page threw. */
async function inNewContext(chromium, { dialect, origin, journey }) {
  const context = await chromium.newContext({ ignoreHTTPSErrors: true });
  try {
    context.setDefaultTimeout(PATIENCE_MS);
    const pageErrors = [];
    context.on("weberror", (error) => pageErrors.push(error.error().message));
    const observed = await journey({
      context,
      dialect,
      origin,
      tab: (path) => openTab(context, origin + path),
    });
    return { ...observed, pageErrors };
  } finally {
    await context.close();
  }
}

async function openTab(context, url) {
  const page = await context.newPage();
  await page.goto(url);
  return clientTab(page);
}

async function smallProxy({ app }) {
  const proxy = await startOrigin({ app });
  return { port: new URL(proxy.url).port, forwardTo: proxy.forwardTo, stop: proxy.close };
}

function hostAndPort(origin) {
  const { hostname, port, protocol } = new URL(origin);
  return `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
}

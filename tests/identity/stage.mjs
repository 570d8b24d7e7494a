// One application as a browser sees it, with either the real NextAuth or Keyward behind it, and providers on another
// site: 127.0.0.1 beside the application's localhost or app.test.
import assert from "node:assert/strict";

import { nginxFront } from "../browser/fronts.mjs";
import { startChromium } from "../support/chromium.mjs";
import { bundleClientApp } from "../support/client-app.mjs";
import { clientTab } from "../support/client-page.mjs";
import { startKeyward } from "../support/keyward.mjs";
import { openedThings } from "../support/opened.mjs";
import { startOrigin } from "../support/origin.mjs";
import { startOriginal } from "./originals/start.mjs";
import { forKeyward, forNextAuth, startFakes } from "./providers.mjs";

const PATIENCE_MS = 8_000;

/**
 * Prepares the client application of `dialect`, the fakes of `ids` and the browser; servers start when they are first
 * played against. `https` puts the application at an https address; `keyward` is added to Keyward's configuration of
 * each provider, by id, and `strategy` is that of its sessions. `real` starts a provider beside the fakes (as `startRealProvider`).
 * With `mail` Keyward sends links, too, into its own mailbox.
 *
 * Gives `play(journey, server)`, where `server` is `"reference"` or `"keyward"`, `fakes`, and `close`.
 */
export async function openStage({ dialect, ids = [], https = false, keyward = {}, strategy = "sealed", real, mail = false }) {
  const opened = openedThings();
  try {
    const app = await bundleClientApp(dialect);
    const front = await opened.add(https ? encrypted({ app, dialect }) : plain({ app }), (front) => front.stop());
    const { origin, addresses, forwardTo } = front;
    const fakes = await startFakes(opened, { ids, origin });
    const others = real ? [await opened.add(real({ origin }), (other) => other.stop())] : [];
    const toNextAuth = [...forNextAuth(fakes), ...others.map(({ nextAuth }) => nextAuth)];
    const toKeyward = [...forKeyward(fakes, keyward), ...others.map((other) => ({ ...other.keyward, ...keyward[other.keyward.id] }))];
    const chromium = await opened.add(startChromium({ addresses }), (chromium) => chromium.close());
    const starters = {
      reference: () => startOriginal({ dialect, origin, providers: toNextAuth }),
      keyward: () =>
        startKeyward({
          config: { public_url: origin, dialect, session: { strategy }, providers: [...toKeyward, ...(mail ? [{ type: "email" }] : [])] },
          args: mail ? ["--dev"] : [],
        }),
    };
    const servers = {};
    const started = (name) => (servers[name] ??= opened.add(starters[name](), (server) => server.stop()));

    return {
      fakes,
      close: opened.close,
      async play(journey, name) {
        const server = await started(name);
        await forwardTo(server.url);
        for (const fake of Object.values(fakes)) fake.recover();
        return inNewContext(chromium, { dialect, origin, fakes, others, server, journey });
      },
    };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** Plays `journey` as a person whose browser is new, at providers that refuse nothing; gives what it observed. */
async function inNewContext(chromium, { journey, ...world }) {
  const context = await chromium.newContext({ ignoreHTTPSErrors: true });
  try {
    context.setDefaultTimeout(PATIENCE_MS);
    const pageErrors = [];
    context.on("weberror", (error) => pageErrors.push(error.error().message));
    const tab = async (path) => {
      const page = await context.newPage();
      await page.goto(world.origin + path);
      return clientTab(page);
    };
    const observed = await journey({ ...world, context, tab });
    assert.deepEqual(refusalsOf(world), []);
    return { ...observed, pageErrors };
  } catch (error) {
    error.message += `\nrefused by the providers: ${JSON.stringify(refusalsOf(world))}\nthe server's log:\n${world.server.log}`;
    throw error;
  } finally {
    await context.close();
  }
}

function refusalsOf({ fakes, others }) {
  const all = { ...fakes, ...Object.fromEntries(others.map((other) => [other.url, other])) };
  return Object.entries(all).flatMap(([id, { refusals }]) => refusals.map((reason) => `${id}: ${reason}`));
}

async function plain({ app }) {
  const proxy = await startOrigin({ app });
  return { origin: proxy.url, addresses: {}, forwardTo: proxy.forwardTo, stop: proxy.close };
}

async function encrypted({ app, dialect }) {
  const nginx = await nginxFront({ tls: true })({ app, dialect });
  const addresses = { "app.test:443": `127.0.0.1:${nginx.port}` };
  return { origin: "https://app.test", addresses, forwardTo: nginx.forwardTo, stop: nginx.stop };
}

// A tab with a client application: reads and presses what `clients/shared/panel.jsx` shows.
import { setTimeout } from "node:timers/promises";

/**
 * How long nothing has to be asked for until all tabs are taken to have what they want: time in which the news of one
 * tab comes to another one of a busy machine.
 */
const QUIET_MS = 500;

const PATIENCE_MS = 15_000;

/** The client application that `page` shows. */
export function clientTab(page) {
  const traffic = trafficOf(page.context());
  return {
    page,
    /** What `useSession()` gives once it has stopped loading; the session's `expires` is given as days from now. */
    session: () => settledSession(page),
    /** Waits until `useSession()` gives a session (in which `text` occurs) or, with `false`, none, and gives it. */
    sessionIs: (present, text) => settledSession(page, present, text),
    /**
     * Fills in `fields`, presses the button `name` and gives the exact value that the call resolved to.
     *
     * A sign-out waits until every tab has what it asked for. NextAuth's answer to a session call seals the session
     * anew: one that comes after the sign-out's signs the person in again. And its clients ask often: for every page,
     * for what another tab tells, and version 5 a second time for what it has told itself.
     */
    async call(name, fields = {}) {
      if (name === "signOut") await traffic.quiet();
      await press(page, name, fields);
      const outcome = page.locator("#outcome:not([data-state=idle]):not([data-state=pending])");
      const text = await outcome.textContent();
      if ((await outcome.getAttribute("data-state")) === "thrown") return { thrown: JSON.parse(text) };
      return withRelativeExpiry(JSON.parse(text));
    },
    /** Fills in `fields`, presses the button `name` and waits until the browser has gone to another page. */
    async callAndGo(name, fields = {}) {
      const gone = page.waitForEvent("framenavigated");
      await press(page, name, fields);
      await gone;
      await page.waitForLoadState("load");
    },
  };
}

/**
 * Presses as a person does, once the page shows whether somebody is signed in: the answer to its session call sets the
 * first CSRF cookie, and one that came in the middle of the next call would take that one's away.
 */
async function press(page, name, fields) {
  await settledSession(page);
  for (const [field, value] of Object.entries(fields)) {
    await page.locator(`[name=${field}]`).fill(value);
  }
  // Not `click()`, which waits for animation frames: a tab in the background has none.
  await page.getByRole("button", { name, exact: true }).dispatchEvent("click");
}

async function settledSession(page, present, text = "") {
  const shown = await page.waitForFunction(
    ([present, text]) => {
      const shown = document.querySelector("#session")?.textContent;
      if (!shown?.includes(text)) return false;
      const { data, status, loading } = JSON.parse(shown);
      const settled = status !== "loading" && loading !== true;
      return settled && (present === undefined || Boolean(data) === present) && shown;
    },
    [present, text],
    // By the clock, for the same reason.
    { polling: 50 },
  );
  const session = JSON.parse(await shown.jsonValue());
  return { ...session, data: withRelativeExpiry(session.data) };
}

const traffics = new WeakMap();

/** What the tabs of `context` ask their servers for, from the first call on. */
function trafficOf(context) {
  if (!traffics.has(context)) traffics.set(context, watch(context));
  return traffics.get(context);
}

function watch(context) {
  const inFlight = new Set();
  let last = Date.now();
  const ended = (request) => {
    inFlight.delete(request);
    last = Date.now();
  };
  context.on("request", (request) => {
    inFlight.add(request);
    last = Date.now();
  });
  context.on("requestfinished", ended);
  context.on("requestfailed", ended);

  return {
    /** Waits until nothing has been asked for, and nothing was still to be answered, for `QUIET_MS`. */
    async quiet() {
      const deadline = Date.now() + PATIENCE_MS;
      while (inFlight.size > 0 || Date.now() - last < QUIET_MS) {
        if (Date.now() > deadline) {
          const waiting = [...inFlight].map((request) => request.url());
          throw new Error(`tabs still ask after ${PATIENCE_MS} ms; not answered: ${JSON.stringify(waiting)}`);
        }
        await setTimeout(50);
      }
    },
  };
}

/** `value` with its `expires`, an ISO time, as whole days from now: two runs then give the same. */
function withRelativeExpiry(value) {
  if (typeof value?.expires !== "string") return value;
  const days = (Date.parse(value.expires) - Date.now()) / 86_400_000;
  const isoWithMilliseconds = new Date(value.expires).toISOString() === value.expires;
  return { ...value, expires: isoWithMilliseconds ? `in ${Math.round(days)} days` : value.expires };
}

// A tab with a client application: reads and presses what `clients/shared/panel.jsx` shows.

/** The client application that `page` shows. */
export function clientTab(page) {
  return {
    page,
    /** What `useSession()` gives once it has stopped loading; the session's `expires` is given as days from now. */
    session: () => settledSession(page),
    /** Waits until `useSession()` gives a session (in which `text` occurs) or, with `false`, none, and gives it. */
    sessionIs: (present, text) => settledSession(page, present, text),
    /** Fills in `fields`, presses the button `name` and gives the exact value that the call resolved to. */
    async call(name, fields = {}) {
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

async function press(page, name, fields) {
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

/** `value` with its `expires`, an ISO time, as whole days from now: two runs then give the same. */
function withRelativeExpiry(value) {
  if (typeof value?.expires !== "string") return value;
  const days = (Date.parse(value.expires) - Date.now()) / 86_400_000;
  const isoWithMilliseconds = new Date(value.expires).toISOString() === value.expires;
  return { ...value, expires: isoWithMilliseconds ? `in ${Math.round(days)} days` : value.expires };
}

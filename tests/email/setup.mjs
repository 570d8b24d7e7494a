// What the tests of e-mail links share: Keyward that sends through a real mail server.
import { setTimeout as pause } from "node:timers/promises";

import { startExim } from "../support/exim.mjs";
import { startKeyward } from "../support/keyward.mjs";

/** Limits that a test does not run into. */
export const NO_LIMITS = { link_per_address: "100000/minute", link_per_account: "100000/minute" };

/** Starts Exim and a Keyward that hands it its mails; `provider` is laid over the provider's table. */
export async function startMailing(opened, { config = {}, provider = {}, exim: options } = {}) {
  const exim = await opened.add(startExim(options), (exim) => exim.stop());
  const keyward = await opened.add(
    startKeyward({ config: { ...config, limits: NO_LIMITS, providers: [emailProvider(exim, provider)] } }),
    (keyward) => keyward.stop(),
  );
  return { exim, keyward };
}

/** The table of a provider that sends through `exim`, by STARTTLS and with its certificate as the only authority. */
export const emailProvider = (exim, more = {}) => ({
  type: "email",
  server: `smtp://localhost:${exim.port}?tls=required`,
  ca_file: exim.certificate,
  from: "Acme Höfe <no-reply@acme.example>",
  ...more,
});

/** The link in a mail: the second line of its text, as with the originals. */
export const linkIn = (mail) => mail.text.split("\n")[1];

/** A person without a browser: keeps cookies, posts forms. */
export function person(base) {
  const cookies = new Map();
  const send = async (url, options = {}) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await fetch(url, { redirect: "manual", ...options, headers: { ...options.headers, cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [name, value] = line.split(";")[0].split(/=(.*)/s);
      if (/max-age=0/i.test(line)) cookies.delete(name);
      else cookies.set(name, value);
    }
    return answer;
  };
  const get = (path) => send(path.startsWith("http") ? path : `${base}${path}`);
  const post = async (path, fields) => {
    const { csrfToken } = await (await get("/csrf")).json();
    return send(`${base}${path}`, { method: "POST", body: new URLSearchParams({ csrfToken, ...fields }) });
  };
  return {
    get,
    post,
    send,
    ask: (email, fields = {}) => post("/signin/email", { email, callbackUrl: "/", ...fields }),
    session: async () => (await get("/session")).json(),
    isSignedIn: async () => Boolean((await (await get("/session")).json())?.user),
  };
}

/** Waits until the log says this: its lines are written a moment after the answers. */
export async function logged(keyward, pattern) {
  const deadline = Date.now() + 3_000;
  while (!pattern.test(keyward.log)) {
    if (Date.now() > deadline) throw new Error(`the log does not say ${pattern}:\n${keyward.log}`);
    await pause(20);
  }
}

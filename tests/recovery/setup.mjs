// What the tests of recovery share: Keyward with accounts of its own, whose mails a real mail server takes.
import { NO_LIMITS, person } from "../email/setup.mjs";
import { startExim } from "../support/exim.mjs";
import { startKeyward } from "../support/keyward.mjs";

export const PASSWORD = "plum harbour velvet 42";
export const NEW_PASSWORD = "brass lantern otter 47";

/** The table `[mail]` that sends through `exim`. */
export const mailTable = (exim) => ({
  server: `smtp://localhost:${exim.port}?tls=required`,
  ca_file: exim.certificate,
  from: "Acme Höfe <no-reply@acme.example>",
});

/** Starts Exim and a Keyward with accounts of its own; `config` is laid over. */
export async function startRecovering(opened, config = {}) {
  const exim = await opened.add(startExim(), (exim) => exim.stop());
  const { accounts, ...rest } = config;
  const whole = { accounts: { enabled: true, ...accounts }, mail: mailTable(exim), limits: { ...NO_LIMITS, hash_queue: 500 }, ...rest };
  const keyward = await opened.add(startKeyward({ config: whole }), (keyward) => keyward.stop());
  return { exim, keyward, base: `${keyward.publicUrl}/api/auth` };
}

/** The link in a mail: the second line of its text. */
export const linkIn = (mail) => mail.text.split("\n")[1];

/** What a link brings along: `{token, for}`. */
export const partsOf = (link) => Object.fromEntries(new URL(link).searchParams);

/** Somebody without a browser who has an account. */
export async function newPerson(base, email) {
  const somebody = caller(base);
  await somebody.post("/callback/signup", { email, password: PASSWORD, json: "true" });
  return somebody;
}

/** Somebody without a browser; `call` posts JSON to one of our own calls and gives `{status, body}`. */
export function caller(base) {
  const somebody = person(base);
  const call = async (name, fields = {}) => {
    const { csrfToken } = await (await somebody.get("/csrf")).json();
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ csrfToken, ...fields });
    const answer = await somebody.send(`${base}/-/v1/account/${name}`, { method: "POST", headers, body });
    return { status: answer.status, body: await answer.json() };
  };
  const signIn = async (email, password) => {
    const answer = await somebody.post("/callback/credentials", { email, password, json: "true" });
    return new URL((await answer.json()).url).searchParams.get("error");
  };
  return { ...somebody, call, signIn };
}

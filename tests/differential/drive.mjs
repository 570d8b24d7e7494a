// Plays a scenario against one server: builds each request from its step, keeps the cookies, returns what was observed.
import { Jar } from "./cookies.mjs";
import { DIALECTS } from "./dialects.mjs";
import { send } from "./http.mjs";
import { observe } from "./observe.mjs";

const FORM = "application/x-www-form-urlencoded";
const WRONG_CSRF = "f".repeat(64);

/** The observations of all steps, in order, each as `{id, observation}`. */
export async function play({ scenario, dialect, setup, url }) {
  const browser = { dialect: DIALECTS[dialect], dialectName: dialect, setup, url, jar: new Jar() };
  browser.names = browser.dialect.cookies(setup.origin.startsWith("https:"));
  const observed = [];
  for (const step of scenario.steps) {
    await placeCookies(browser, step);
    const request = buildRequest(browser, step);
    const answer = await send({ url, ...request });
    const observation = await observe({ answer, request, ...browser });
    if (answer) browser.jar.store(answer.setCookies);
    observed.push({ id: `${scenario.name} > ${step.name}`, observation });
  }
  return observed;
}

/** `step.cookies`: logical or full name to value, to `null` (removed), or to a function of the dialect's tools that makes one or several. */
async function placeCookies({ jar, names, dialect, setup }, step) {
  const tools = { ...dialect, names, salt: names.session, origin: setup.origin };
  const given = typeof step.cookies === "function" ? await step.cookies(tools) : (step.cookies ?? {});
  for (const [name, source] of Object.entries(given)) {
    const full = names[name] ?? name;
    const value = typeof source === "function" ? await source(tools) : source;
    if (value === null) jar.delete(full);
    else if (typeof value === "object") jar.setRaw(full, value.raw);
    else jar.set(full, value);
  }
}

function buildRequest({ jar, names, dialect, setup }, step) {
  const body = buildBody({ jar, names, dialect }, step);
  const cookie = step.withoutCookies ? undefined : jar.header();
  return {
    method: step.method,
    path: `${setup.basePath}${step.path}`,
    headers: {
      host: new URL(setup.origin).host,
      ...(cookie && { cookie }),
      ...(body && { "content-type": body.type, "content-length": Buffer.byteLength(body.text) }),
      ...(step.jsonMode && dialect.jsonHeader),
      ...step.headers,
    },
    body: body?.text,
  };
}

function buildBody({ jar, names, dialect }, step) {
  const csrf = { jar: jar.csrfToken(names.csrf), wrong: WRONG_CSRF, none: undefined }[step.csrf ?? "none"];
  if (step.raw) return { type: step.raw.type, text: step.raw.text.replaceAll("$csrf", csrf ?? "") };
  if (step.payload !== undefined) {
    const extra = { ...(csrf && { csrfToken: csrf }), ...(step.jsonMode && dialect.jsonField && { json: "true" }) };
    return { type: "application/json", text: JSON.stringify({ ...extra, ...step.payload }) };
  }
  if (!step.form) return undefined;
  const fields = [
    ...Object.entries(step.form).flatMap(([name, value]) => [value].flat().map((one) => [name, one])),
    ...(csrf ? [["csrfToken", csrf]] : []),
    ...(step.jsonMode && dialect.jsonField ? [dialect.jsonField] : []),
  ];
  return { type: FORM, text: new URLSearchParams(fields).toString() };
}

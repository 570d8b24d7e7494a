// What an application's `authorize` does with a credentials form: ask the back end, and say what became of it.
import { BACKEND_TIMEOUT_MS } from "./setups.mjs";

const OF_NEXTAUTH = ["csrfToken", "callbackUrl", "json", "redirect"];

/** A sign-in that failed for another reason than wrong credentials: `message` for v3 and v4, `code` for v5. */
export class Refusal extends Error {
  constructor(message, code = "credentials") {
    super(message);
    this.code = code;
  }
}

/** A failure of the back end that has no words of its own: Keyward's stable code for it, in every generation. */
const failure = (code) => new Refusal(code, code);

/** The user that the back end names, `null` where it answers 401 or names nobody, a `Refusal` thrown for anything else. */
export async function authorize(credentials, endpoint, userPath) {
  const answer = await ask(endpoint, credentials);
  if (answer.status === 401) return null;
  const body = parse(answer.text);
  if (answer.status === 200 && body === undefined) throw failure("backend_answer_not_json");
  if (answer.status !== 200) {
    if (typeof body?.message !== "string") throw failure(answer.status >= 500 ? "backend_failed" : "backend_refused");
    throw new Refusal(body.message, body.code);
  }
  const user = userPath ? body?.[userPath] : body;
  if (user === null) return null;
  if (typeof user !== "object" || Array.isArray(user) || user.id === undefined) {
    throw failure("backend_answer_wrong_shape");
  }
  return user;
}

async function ask(endpoint, credentials) {
  const fields = Object.fromEntries(Object.entries(credentials).filter(([name]) => !OF_NEXTAUTH.includes(name)));
  try {
    const response = await fetch(endpoint, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(fields),
      signal: AbortSignal.timeout(BACKEND_TIMEOUT_MS),
    });
    const text = await response.text();
    if (text.length > 1_000_000) throw failure("backend_answer_too_large");
    return { status: response.status, text };
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw failure(error.name === "TimeoutError" ? "backend_timeout" : "backend_unreachable");
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

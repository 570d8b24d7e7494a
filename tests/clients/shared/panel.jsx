import { useState } from "react";

/**
 * What a test reads and presses: the value of `useSession()` as JSON, one form whose fields become the
 * arguments of a call, one button per call, and the exact value that the last call resolved to as JSON.
 *
 * `calls` maps the text of a button to `async (fields) => value`.
 */
export function Panel({ session, calls }) {
  const [fields, setFields] = useState(initialFields);
  const [outcome, setOutcome] = useState({ state: "idle" });

  async function press(call) {
    setOutcome({ state: "pending" });
    try {
      setOutcome({ state: "resolved", value: await call(chosen(fields)) });
    } catch (error) {
      setOutcome({ state: "thrown", value: `${error.name}: ${error.message}` });
    }
  }

  return (
    <main>
      <pre id="session">{exactJson(session)}</pre>
      <form onSubmit={(event) => event.preventDefault()}>
        {Object.keys(fields).map((name) => (
          <label key={name}>
            {name}{" "}
            <input
              name={name}
              value={fields[name]}
              onChange={(event) => setFields({ ...fields, [name]: event.target.value })}
            />
          </label>
        ))}
        {Object.entries(calls).map(([name, call]) => (
          <button key={name} type="button" onClick={() => press(call)}>
            {name}
          </button>
        ))}
      </form>
      <pre id="outcome" data-state={outcome.state}>
        {"value" in outcome ? exactJson(outcome.value) : ""}
      </pre>
    </main>
  );
}

const initialFields = {
  provider: "login",
  email: "",
  password: "",
  name: "",
  callbackUrl: "",
  update: "",
};

/** The fields that were filled in; an empty one counts as an argument that was not given. */
function chosen(fields) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ""));
}

/** JSON that keeps the difference between a member that is absent and one that is `undefined`. */
function exactJson(value) {
  const marked = value === undefined ? UNDEFINED : value;
  return JSON.stringify(marked, (_, member) => (member === undefined ? UNDEFINED : member));
}

const UNDEFINED = "(undefined)";

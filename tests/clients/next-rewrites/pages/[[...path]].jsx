import { signIn, signOut, useSession } from "next-auth/react";
import { useRef, useState } from "react";

/** Every page: the fields, buttons and outputs of `../shared/panel.jsx` that a whole journey needs. */
export default function Page() {
  const { data, status } = useSession();
  const [outcome, setOutcome] = useState({ state: "idle" });
  const form = useRef(null);

  async function press(call) {
    setOutcome({ state: "pending" });
    const { provider, callbackUrl, ...credentials } = Object.fromEntries(new FormData(form.current));
    const options = callbackUrl ? { callbackUrl } : {};
    setOutcome({ state: "resolved", value: await call({ provider, credentials, options }) });
  }

  const calls = {
    signIn: ({ provider, credentials, options }) =>
      signIn(provider, { ...credentials, ...options, redirect: false }),
    "sign-in page": ({ options }) => signIn(undefined, options),
    signOut: ({ options }) => signOut({ ...options, redirect: false }),
  };

  return (
    <main>
      <pre id="session">{JSON.stringify({ data, status })}</pre>
      <form ref={form}>
        <input name="provider" defaultValue="login" />
        <input name="email" />
        <input name="password" />
        <input name="callbackUrl" />
        {Object.entries(calls).map(([name, call]) => (
          <button key={name} type="button" onClick={() => press(call)}>
            {name}
          </button>
        ))}
      </form>
      <pre id="outcome" data-state={outcome.state}>
        {JSON.stringify(outcome.value) ?? "null"}
      </pre>
    </main>
  );
}

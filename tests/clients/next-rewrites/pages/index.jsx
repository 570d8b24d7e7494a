import { signIn, signOut, useSession } from "next-auth/react";
import { useState } from "react";

/** Has the fields, buttons and outputs of `../shared/panel.jsx` that a short journey needs. */
export default function Home() {
  const { data, status } = useSession();
  const [outcome, setOutcome] = useState({ state: "idle" });

  async function show(call) {
    setOutcome({ state: "pending" });
    setOutcome({ state: "resolved", value: await call });
  }

  function submit(event) {
    event.preventDefault();
    const { provider, ...credentials } = Object.fromEntries(new FormData(event.target));
    show(signIn(provider, { ...credentials, redirect: false }));
  }

  return (
    <main>
      <pre id="session">{JSON.stringify({ data, status })}</pre>
      <form onSubmit={submit}>
        <input name="provider" defaultValue="login" />
        <input name="email" />
        <input name="password" />
        <button>signIn</button>
        <button type="button" onClick={() => show(signOut({ redirect: false }))}>
          signOut
        </button>
      </form>
      <pre id="outcome" data-state={outcome.state}>
        {JSON.stringify(outcome.value)}
      </pre>
    </main>
  );
}

import { getSession, Provider, signIn, signOut, useSession } from "next-auth/client";
import { useEffect } from "react";
import { createRoot } from "react-dom/client";
import { signInOptions, signOutOptions } from "../shared/arguments.js";
import { Panel } from "../shared/panel.jsx";

const calls = {
  signIn: (fields) => signIn(fields.provider, signInOptions(fields, { redirect: false })),
  "signIn and go": (fields) => signIn(fields.provider, signInOptions(fields)),
  signUp: (fields) => signIn("signup", signInOptions(fields, { redirect: false })),
  "sign-in page": (fields) => signIn(undefined, signOutOptions(fields)),
  getSession: () => getSession(),
  signOut: (fields) => signOut(signOutOptions(fields, { redirect: false })),
  "signOut and go": (fields) => signOut(signOutOptions(fields)),
};

function App() {
  const [data, loading] = useSession();
  const required = window.location.pathname.startsWith("/private");

  // This generation has no `required`: its tutorials send people to the sign-in page by hand.
  useEffect(() => {
    if (required && !loading && !data) signIn();
  }, [required, loading, data]);

  return <Panel session={{ data, loading }} calls={calls} />;
}

createRoot(document.getElementById("root")).render(
  <Provider>
    <App />
  </Provider>,
);

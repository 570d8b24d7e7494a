import { createRoot } from "react-dom/client";
import { signInOptions, signOutOptions, updateArguments } from "./arguments.js";
import { Panel } from "./panel.jsx";

/** The application of the generations whose client is `next-auth/react`: the module is all that differs. */
export function startApp({ SessionProvider, getSession, signIn, signOut, useSession }) {
  function App() {
    const required = window.location.pathname.startsWith("/private");
    const { data, status, update } = useSession({ required });

    const calls = {
      signIn: (fields) => signIn(fields.provider, signInOptions(fields, { redirect: false })),
      "signIn and go": (fields) => signIn(fields.provider, signInOptions(fields)),
      signUp: (fields) => signIn("signup", signInOptions(fields, { redirect: false })),
      "sign-in page": (fields) => signIn(undefined, signOutOptions(fields)),
      update: (fields) => update(...updateArguments(fields)),
      getSession: () => getSession(),
      signOut: (fields) => signOut(signOutOptions(fields, { redirect: false })),
      "signOut and go": (fields) => signOut(signOutOptions(fields)),
    };

    return <Panel session={{ data, status }} calls={calls} />;
  }

  createRoot(document.getElementById("root")).render(
    <SessionProvider>
      <App />
    </SessionProvider>,
  );
}

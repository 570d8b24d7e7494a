import { SessionProvider } from "next-auth/react";

import { Person } from "../components/person";

export default function App({ Component, pageProps: { session, ...pageProps } }) {
  return (
    <SessionProvider session={session}>
      <Person />
      <Component {...pageProps} />
    </SessionProvider>
  );
}

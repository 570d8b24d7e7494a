import { Provider } from "next-auth/client";

import { Person } from "../components/person";

export default function App({ Component, pageProps }) {
  return (
    <Provider session={pageProps.session}>
      <Person />
      <Component {...pageProps} />
    </Provider>
  );
}

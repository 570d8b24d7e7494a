import { sessionOf } from "../lib/session";

export default function Orders({ name }) {
  return (
    <main>
      <h1>Orders of {name}</h1>
    </main>
  );
}

/** Asks Keyward with the cookie that the browser sent, and lets nobody else see the page. */
export async function getServerSideProps({ req, resolvedUrl }) {
  const session = await sessionOf(req);
  if (session) return { props: { session, name: session.user.name } };
  const back = encodeURIComponent(resolvedUrl);
  return { redirect: { destination: `/api/auth/signin?callbackUrl=${back}`, permanent: false } };
}

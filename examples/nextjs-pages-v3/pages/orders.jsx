import { getSession } from "next-auth/client";

export default function Orders({ session }) {
  return (
    <main>
      <h1>Orders of {session.user.name}</h1>
    </main>
  );
}

/** Asks Keyward with the cookie that the browser sent, and lets nobody else see the page. */
export async function getServerSideProps(context) {
  const session = await getSession(context);
  if (session) return { props: { session } };
  const back = encodeURIComponent(context.resolvedUrl);
  return { redirect: { destination: `/api/auth/signin?callbackUrl=${back}`, permanent: false } };
}

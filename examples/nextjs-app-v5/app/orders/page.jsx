import { headers } from "next/headers";
import { redirect } from "next/navigation";

import { sessionOf } from "../../lib/session";

/** Asks Keyward with the cookie that the browser sent, and lets nobody else see the page. */
export default async function Orders() {
  const session = await sessionOf({ headers: await headers() });
  if (!session) redirect("/api/auth/signin?callbackUrl=/orders");
  return (
    <main>
      <h1>Orders of {session.user.name}</h1>
    </main>
  );
}

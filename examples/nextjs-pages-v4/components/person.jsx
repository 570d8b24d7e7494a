import { signIn, signOut, useSession } from "next-auth/react";

/** Who is signed in, and the way in and out. */
export function Person() {
  const { data: session, status } = useSession();
  if (status === "loading") return <header>…</header>;
  if (status === "unauthenticated") {
    return (
      <header>
        Nobody is signed in. <button onClick={() => signIn()}>Sign in</button>
      </header>
    );
  }
  return (
    <header>
      Signed in as {session.user.name}. <button onClick={() => signOut({ callbackUrl: "/" })}>Sign out</button>
    </header>
  );
}

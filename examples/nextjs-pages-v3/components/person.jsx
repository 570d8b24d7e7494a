import { signIn, signOut, useSession } from "next-auth/client";

/** Who is signed in, and the way in and out. */
export function Person() {
  const [session, loading] = useSession();
  if (loading) return <header>…</header>;
  if (!session) {
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

import { signIn, useSession } from "next-auth/client";
import { useEffect } from "react";

export default function Profile() {
  const [session, loading] = useSession();
  const isNobody = !session && !loading;
  // Sends nobody to the sign-in page, and back here from there.
  useEffect(() => {
    if (isNobody) signIn();
  }, [isNobody]);

  if (!session) return <main>One moment …</main>;
  return (
    <main>
      <h1>Profile of {session.user.name}</h1>
      <p>{session.user.email}</p>
    </main>
  );
}

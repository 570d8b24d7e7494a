"use client";

import { useSession } from "next-auth/react";

export default function Profile() {
  // Sends nobody to the sign-in page, and back here from there.
  const { data: session } = useSession({ required: true });

  if (!session) return <main>One moment …</main>;
  return (
    <main>
      <h1>Profile of {session.user.name}</h1>
      <p>{session.user.email}</p>
    </main>
  );
}

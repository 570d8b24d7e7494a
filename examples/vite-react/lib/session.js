const keyward = process.env.KEYWARD_URL ?? "http://localhost:4000";

/** Who is calling? `null` for nobody. Throws if Keyward can't say. */
export async function sessionOf(request) {
  const cookie = request.headers.cookie ?? request.headers.get?.("cookie") ?? "";
  const answer = await fetch(`${keyward}/api/auth/session`, { headers: { cookie }, cache: "no-store" });
  if (!answer.ok) throw new Error(`no answer about the session: ${answer.status}`);
  const session = await answer.json();
  return session?.user ? session : null;
}

import { sessionOf } from "../../../lib/session";

export async function GET(request) {
  const session = await sessionOf(request);
  if (!session) return Response.json({ error: "sign in first" }, { status: 401 });
  return Response.json({ orders: [`a book for ${session.user.name}`] });
}

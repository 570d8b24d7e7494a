import { sessionOf } from "../../lib/session";

export default async function handler(req, res) {
  const session = await sessionOf(req);
  if (!session) return res.status(401).json({ error: "sign in first" });
  res.json({ orders: [`a book for ${session.user.name}`] });
}

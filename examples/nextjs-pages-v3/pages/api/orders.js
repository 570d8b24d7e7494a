import { getSession } from "next-auth/client";

export default async function handler(req, res) {
  const session = await getSession({ req });
  if (!session) return res.status(401).json({ error: "sign in first" });
  res.json({ orders: [`a book for ${session.user.name}`] });
}

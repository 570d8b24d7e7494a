import { getToken } from "next-auth/jwt";

/** Opens the session's cookie here, with the secret that Keyward has, and asks nobody. */
export default async function handler(req, res) {
  const token = await getToken({ req });
  if (!token) return res.status(401).json({ error: "sign in first" });
  res.json({ name: token.name });
}

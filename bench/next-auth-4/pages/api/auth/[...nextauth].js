// The same ways in as the Keyward beside it: e-mail and password, sealed sessions, defaults otherwise.
import { verify } from "@node-rs/argon2";
import NextAuth from "next-auth";
import Credentials from "next-auth/providers/credentials";

const PASSWORD_HASH = process.env.BENCH_PASSWORD_HASH;

export default NextAuth({
  providers: [
    Credentials({
      id: "credentials",
      credentials: { email: { type: "email" }, password: { type: "password" } },
      async authorize({ email, password }) {
        const good = PASSWORD_HASH && (await verify(PASSWORD_HASH, password));
        return good ? { id: "user-1", name: "Ada", email } : null;
      },
    }),
  ],
  session: { strategy: "jwt" },
});

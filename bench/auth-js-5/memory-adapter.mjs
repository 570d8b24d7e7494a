// The fastest database that Auth.js 5 can have: what its adapters have to do, in maps of the same process.
import { randomUUID } from "node:crypto";

export function memoryAdapter() {
  const users = new Map();
  const usersByEmail = new Map();
  const accounts = new Map();
  const sessions = new Map();
  const tokens = new Map();
  const accountKey = ({ provider, providerAccountId }) => `${provider} ${providerAccountId}`;
  const tokenKey = ({ identifier, token }) => `${identifier} ${token}`;
  const user = (id) => users.get(id) ?? null;
  return {
    async createUser(data) {
      const made = { name: null, image: null, emailVerified: null, ...data, id: randomUUID() };
      users.set(made.id, made);
      usersByEmail.set(made.email, made.id);
      return made;
    },
    getUser: async (id) => user(id),
    getUserByEmail: async (email) => user(usersByEmail.get(email)),
    getUserByAccount: async (account) => user(accounts.get(accountKey(account))?.userId),
    async updateUser(data) {
      const changed = { ...users.get(data.id), ...data };
      users.set(data.id, changed);
      return changed;
    },
    async linkAccount(account) {
      accounts.set(accountKey(account), account);
      return account;
    },
    async createSession(session) {
      sessions.set(session.sessionToken, session);
      return session;
    },
    async getSessionAndUser(sessionToken) {
      const session = sessions.get(sessionToken);
      return session ? { session, user: users.get(session.userId) } : null;
    },
    async updateSession(data) {
      const changed = { ...sessions.get(data.sessionToken), ...data };
      sessions.set(data.sessionToken, changed);
      return changed;
    },
    deleteSession: async (sessionToken) => void sessions.delete(sessionToken),
    async createVerificationToken(token) {
      tokens.set(tokenKey(token), token);
      return token;
    },
    async useVerificationToken(token) {
      const found = tokens.get(tokenKey(token)) ?? null;
      tokens.delete(tokenKey(token));
      return found;
    },
  };
}

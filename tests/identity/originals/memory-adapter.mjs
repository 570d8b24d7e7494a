// The smallest database that next-auth 4 and 5 can link accounts in: what their adapters have to do, in memory.
import { randomUUID } from "node:crypto";

const defined = (row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined));

export function memoryAdapter() {
  const users = new Map();
  const accounts = new Map();
  const keyOf = ({ provider, providerAccountId }) => `${provider} ${providerAccountId}`;
  const found = (user) => (user ? { ...user } : null);
  return {
    async createUser(user) {
      // A column without a value is null, in every database.
      const made = { name: null, email: null, image: null, ...defined(user), id: randomUUID() };
      users.set(made.id, made);
      return found(made);
    },
    getUser: async (id) => found(users.get(id)),
    getUserByEmail: async (email) => found([...users.values()].find((user) => user.email === email)),
    getUserByAccount: async (account) => found(users.get(accounts.get(keyOf(account))?.userId)),
    async updateUser(user) {
      users.set(user.id, { ...users.get(user.id), ...user });
      return found(users.get(user.id));
    },
    async linkAccount(account) {
      accounts.set(keyOf(account), { ...account });
      return account;
    },
  };
}

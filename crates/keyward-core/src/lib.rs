//! Users, accounts, sessions, sign-in flows, policy and the NextAuth dialects, without any input or output of its own.

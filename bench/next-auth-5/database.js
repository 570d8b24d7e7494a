// The adapter's own tables in a file of SQLite, as durable as Keyward's: what was answered is on disk.
import Sqlite from "better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";

// While the application is built there is no file, and nothing is asked of it.
const sqlite = new Sqlite(process.env.BENCH_DATABASE ?? ":memory:");
sqlite.pragma("journal_mode = WAL");
sqlite.pragma("synchronous = FULL");

// What drizzle-kit makes of the tables that the adapter defines.
sqlite.exec(`
  CREATE TABLE IF NOT EXISTS user (
    id text PRIMARY KEY NOT NULL, name text, email text, emailVerified integer, image text
  );
  CREATE UNIQUE INDEX IF NOT EXISTS user_email_unique ON user (email);
  CREATE TABLE IF NOT EXISTS account (
    userId text NOT NULL, type text NOT NULL, provider text NOT NULL, providerAccountId text NOT NULL,
    refresh_token text, access_token text, expires_at integer, token_type text, scope text, id_token text,
    session_state text,
    PRIMARY KEY (provider, providerAccountId),
    FOREIGN KEY (userId) REFERENCES user (id) ON UPDATE no action ON DELETE cascade
  );
  CREATE TABLE IF NOT EXISTS session (
    sessionToken text PRIMARY KEY NOT NULL, userId text NOT NULL, expires integer NOT NULL,
    FOREIGN KEY (userId) REFERENCES user (id) ON UPDATE no action ON DELETE cascade
  );
  CREATE TABLE IF NOT EXISTS verificationToken (
    identifier text NOT NULL, token text NOT NULL, expires integer NOT NULL, PRIMARY KEY (identifier, token)
  );
`);

export const database = drizzle(sqlite);

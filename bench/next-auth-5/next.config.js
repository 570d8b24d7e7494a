export default {
  // This folder is a project of its own, whatever lock files lie above it.
  outputFileTracingRoot: import.meta.dirname,
  turbopack: { root: import.meta.dirname },
  serverExternalPackages: ["better-sqlite3", "nodemailer"],
};

import react from "@vitejs/plugin-react";

export default {
  plugins: [react()],
  // The client of next-auth reads its address from an environment that a browser does not have.
  define: { "process.env": {} },
  server: {
    port: 3000,
    strictPort: true,
    proxy: {
      "/api/auth": { target: process.env.KEYWARD_URL ?? "http://localhost:4000", xfwd: true },
      "/api": process.env.API_URL ?? "http://localhost:3001",
    },
  },
};

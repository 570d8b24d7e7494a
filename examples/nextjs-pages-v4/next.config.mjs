const keyward = process.env.KEYWARD_URL ?? "http://localhost:4000";

export default {
  rewrites: async () => [{ source: "/api/auth/:path*", destination: `${keyward}/api/auth/:path*` }],
};

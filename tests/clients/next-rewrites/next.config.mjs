export default {
  // The one rule that puts Keyward on the application's origin.
  rewrites: () => [
    { source: "/api/auth/:path*", destination: `${process.env.KEYWARD_URL}/api/auth/:path*` },
  ],
};

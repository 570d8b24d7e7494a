// The deployments that are compared: for each, what the reference servers and Keyward are both told.

const PLAIN = "http://localhost:4310";
const LONG = 30 * 24 * 60 * 60;

/** Each setup: public origin, base path, session lifetime in seconds, whether the session shows more than the defaults, custom pages. */
export const SETUPS = {
  main: { origin: PLAIN, basePath: "/api/auth", maxAge: LONG, shows: true, pages: {} },
  defaults: { origin: PLAIN, basePath: "/api/auth", maxAge: LONG, shows: false, pages: {} },
  secure: { origin: "https://app.test", basePath: "/api/auth", maxAge: LONG, shows: true, pages: {} },
  based: { origin: PLAIN, basePath: "/shop/auth", maxAge: 60 * 60, shows: true, pages: {} },
  pages: {
    origin: PLAIN,
    basePath: "/api/auth",
    maxAge: LONG,
    shows: true,
    pages: { signIn: "/login", signOut: "/bye", error: "/oops", verifyRequest: "/check-mail" },
  },
};

/** The credentials providers of every setup. `user` is the path of the user in the back end's answer. */
export const PROVIDERS = [
  { id: "login", name: "Login", path: "/api/login" },
  { id: "signup", name: "Sign up", path: "/api/signup" },
  { id: "wrapped", name: "Wrapped", path: "/api/login", user: "data" },
];

/** The fields that each provider's form asks for. */
export const FIELDS = [
  { name: "email", label: "E-mail", type: "email" },
  { name: "password", label: "Password", type: "password" },
];

/** How long a back end may take to answer, in milliseconds. */
export const BACKEND_TIMEOUT_MS = 3_000;

/** Fields of the user that the token keeps, where the setup shows them. */
export const KEPT = ["role", "accessToken"];

/** Token fields that `update()` may change, where the setup allows any. */
export const UPDATABLE = ["name", "role"];

/** The table that Keyward's configuration needs to be deployed like the reference server of `setup`. */
export function keywardConfig({ dialect, setup, backendUrl }) {
  const { origin, basePath, maxAge, shows, pages } = SETUPS[setup];
  return {
    public_url: origin,
    base_path: basePath,
    dialect,
    session: {
      strategy: "sealed",
      max_age: maxAge,
      ...(shows && {
        show: { "user.role": "role", accessToken: "accessToken" },
        add: { "user.isLoggedIn": true },
        update: { fields: UPDATABLE },
      }),
    },
    pages: { sign_in: pages.signIn, sign_out: pages.signOut, error: pages.error, verify_request: pages.verifyRequest },
    accounts: { enabled: false },
    providers: PROVIDERS.map(({ id, name, path, user }) => ({
      id,
      type: "backend",
      name,
      endpoint: backendUrl + path,
      source: "shop",
      user,
      keep: shows ? KEPT : [],
      timeout: `${BACKEND_TIMEOUT_MS / 1_000}s`,
      fields: FIELDS,
    })),
  };
}

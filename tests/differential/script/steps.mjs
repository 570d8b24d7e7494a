// The vocabulary of the script.
//
// A scenario is one browser with an empty jar: `{name, setup, only, steps}`; `setup` is "main" unless said, `only` lists
// dialects where not all of them take part. A step is one exchange:
//   method, path   the path below the base path, sent as it stands
//   form           fields of a form body (a list as value repeats the field)
//   payload        a JSON body instead; `raw` {type, text} a body of any kind, `$csrf` in it is the token
//   csrf           "jar" adds the token of the browser's cookie to the body, "wrong" another one, "none" nothing
//   jsonMode       ask for JSON instead of a redirect, in the way of the dialect's own client
//   headers        more headers
//   cookies        put into (null: out of) the jar first; by logical name (session, callback, csrf) or full name;
//                  `{raw}` is sent undecoded; a function gets the dialect's tools
//   withoutCookies sends no cookie at all

/** Credentials for the back end's answer named `who`. */
export const as = (who, more = {}) => ({ email: `${who}@example.com`, password: "correct horse", ...more });

const step = (method, path, options) => ({ name: options.as ?? `${method} ${path}`, method, path, ...options });

/** A GET below the base path. */
export const get = (path, options = {}) => step("GET", path, options);

/** A POST below the base path, with the right CSRF token unless `csrf` says otherwise. */
export const post = (path, options = {}) => step("POST", path, { csrf: "jar", ...options });

/** A request with any method. */
export const any = (method, path, options = {}) => step(method, path, options);

/** The step that gets a browser its CSRF cookie. */
export const csrf = (as = "GET /csrf") => get("/csrf", { as });

/** Signing in as the real client does. */
export const signIn = (who = "ada", options = {}) =>
  post("/callback/login", { as: `sign in as ${who}`, form: as(who, { callbackUrl: "/" }), jsonMode: true, ...options });

/** One scenario; the first argument is its name. */
export const scenario = (name, steps, options = {}) => ({ name, setup: "main", steps, ...options });

/** The dialects in which a session can be updated. */
export const UPDATING = ["next-auth-4", "auth-js-5"];

/** Claims of a session that some real package made. */
export const CLAIMS = { name: "Ada", email: "ada@example.com", picture: null, sub: "user-1", role: "admin", accessToken: "back-end-token" };

/** Makes a session cookie value with the dialect's own package. */
export const sealed =
  (claims = CLAIMS, options = {}) =>
  ({ encode, salt }) =>
    encode({ claims, salt, ...options });

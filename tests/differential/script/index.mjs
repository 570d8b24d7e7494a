// The whole script: what is sent to a reference server and to Keyward.
import credentials from "./credentials.mjs";
import hostile from "./hostile.mjs";
import pages from "./pages.mjs";
import session from "./session.mjs";

/** The scenarios that `dialect` takes part in. */
export function scriptFor(dialect) {
  return [...credentials, ...session, ...pages, ...hostile].filter(({ only }) => !only || only.includes(dialect));
}

/**
 * The options of `signIn` from the fields that were filled in: what the form of a sign-in page would submit.
 * `provider` is the call's first argument and `update` belongs to another call.
 */
export function signInOptions({ provider, update, ...submitted }, more) {
  return { ...submitted, ...more };
}

/** The options of `signOut`. */
export function signOutOptions({ callbackUrl }, more) {
  return callbackUrl === undefined ? more : { callbackUrl, ...more };
}

/** What `update()` is given: nothing, or the JSON that was typed. */
export function updateArguments({ update }) {
  return update === undefined ? [] : [JSON.parse(update)];
}

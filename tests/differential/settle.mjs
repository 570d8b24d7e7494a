// Sets the differences that were found against those that are allowed.
import assert from "node:assert/strict";

/** No dialect may differ in more than this. */
export const MOST_ALLOWED = 25;

/**
 * `allowed` is a list of `{exchange, field, reason}`, each for exactly one field of one exchange.
 * Returns the differences that nothing allows and the allowances that nothing needed.
 */
export function settle(differences, allowed) {
  const key = ({ exchange, field }) => `${exchange} :: ${field}`;
  for (const { exchange, field, reason } of allowed) {
    assert.ok(exchange && field && reason, "an allowance names exchange, field and reason");
  }
  const allowances = new Set(allowed.map(key));
  assert.equal(allowances.size, allowed.length, "an allowance stands there once");
  const found = new Set(differences.map(key));
  return {
    unexplained: differences.filter((difference) => !allowances.has(key(difference))),
    unused: allowed.filter((allowance) => !found.has(key(allowance))),
  };
}

/** A difference as a person reads it. */
export function describe({ field, reference, tested }) {
  return `${field}\n    reference: ${JSON.stringify(reference)}\n    tested:    ${JSON.stringify(tested)}`;
}

// The differences between two observations of one exchange, field by field.
import { isDeepStrictEqual } from "node:util";

/** What Keyward says on every answer, also where the original says nothing about caching. */
const NEVER_STORED = { "cache-control": "private, no-cache, no-store", pragma: "no-cache", expires: "0" };

/**
 * A list of `{field, reference, tested}`. One fact is one difference: of an answer that did not come, of a cookie that
 * only one of them set, nothing more is said, and a body of another kind needs no word about its type.
 * Pages are compared by what the reference offers; the tested one may offer more.
 */
export function compare(reference, tested) {
  if (reference.answer !== tested.answer) return [{ field: "answer", reference: reference.answer, tested: tested.answer }];
  if (reference.answer === "none") return [];
  const { cookies: expectedCookies, ...expected } = reference;
  const { cookies: actualCookies, ...actual } = tested;
  const sameKind = kind(expected.body) === kind(actual.body);
  return [
    ...differing(expected, actual)
      .filter(({ field, reference, tested }) => !(reference === undefined && tested === NEVER_STORED[field]))
      .filter(({ field }) => sameKind || field !== "content-type"),
    ...differingCookies(expectedCookies, actualCookies),
  ];
}

function differingCookies(reference, tested) {
  const names = new Set([...Object.keys(reference), ...Object.keys(tested)]);
  return [...names].flatMap((name) => {
    const [one, other] = [reference[name], tested[name]];
    if (!one || !other) return [{ field: `cookie ${name}`, reference: one, tested: other }];
    return differing(one, other).map((difference) => ({ ...difference, field: `cookie ${name}: ${difference.field}` }));
  });
}

function differing(reference, tested) {
  const fields = new Set([...Object.keys(reference), ...Object.keys(tested)]);
  return [...fields]
    .filter((field) => !equal(reference[field], tested[field]))
    .map((field) => ({ field, reference: reference[field], tested: tested[field] }));
}

function equal(reference, tested) {
  if (reference?.forms && tested?.forms) {
    return reference.error === tested.error && reference.forms.every((form) => tested.forms.some((other) => offers(other, form)));
  }
  return isDeepStrictEqual(reference, tested);
}

function offers(tested, reference) {
  return (
    tested.method === reference.method &&
    tested.action === reference.action &&
    reference.fields.every((field) => tested.fields.some((other) => isDeepStrictEqual(field, other)))
  );
}

const kind = (body) => (typeof body === "string" ? body : Object.keys(body)[0]);

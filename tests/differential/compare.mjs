// The differences between two observations of one exchange, field by field.
import { isDeepStrictEqual } from "node:util";

/** What Keyward says on every answer, also where the original says nothing about caching. */
const NEVER_STORED = { "cache-control": "private, no-cache, no-store", pragma: "no-cache", expires: "0" };

/** A list of `{field, reference, tested}`; pages are compared by what the reference offers, the tested one may offer more. */
export function compare(reference, tested) {
  if (reference.answer !== tested.answer) {
    return [{ field: "answer", reference: reference.answer, tested: tested.answer }];
  }
  const fields = new Set([...Object.keys(reference), ...Object.keys(tested)]);
  return [...fields]
    .filter((field) => !equal(reference[field], tested[field]) && !forbidsStoring(field, reference[field], tested[field]))
    .map((field) => ({ field, reference: reference[field], tested: tested[field] }));
}

const forbidsStoring = (field, reference, tested) => reference === undefined && tested === NEVER_STORED[field] && tested !== undefined;

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

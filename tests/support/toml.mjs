// Writes the part of TOML that a configuration needs: strings, numbers, booleans, arrays, tables, arrays of tables.

/** `value` (a plain object) as TOML text; `undefined` and `null` entries are left out. */
export function toToml(value) {
  return table(value, []).join("\n") + "\n";
}

function table(value, path) {
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined && entry !== null);
  const plain = entries.filter(([, entry]) => !isTable(entry) && !isTables(entry));
  const nested = entries.filter(([, entry]) => isTable(entry) || isTables(entry));
  return [
    ...plain.map(([key, entry]) => `${name(key)} = ${scalar(entry)}`),
    ...nested.flatMap(([key, entry]) => {
      const inner = [...path, key];
      const heading = inner.map(name).join(".");
      return isTable(entry)
        ? ["", `[${heading}]`, ...table(entry, inner)]
        : entry.flatMap((item) => ["", `[[${heading}]]`, ...table(item, inner)]);
    }),
  ];
}

const isTable = (value) => typeof value === "object" && !Array.isArray(value);
const isTables = (value) => Array.isArray(value) && value.length > 0 && value.every(isTable);
const name = (key) => (/^[A-Za-z0-9_-]+$/.test(key) ? key : JSON.stringify(key));
// JSON's strings, numbers, booleans and arrays of them are TOML too.
const scalar = (value) => JSON.stringify(value);

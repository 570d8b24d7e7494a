// A reporter for Node's test runner: the totals of the run, and the files whose tests took longest.
import { relative } from "node:path";

const SHOWN = 5;

export default async function* totals(events) {
  const took = new Map();
  for await (const { type, data } of events) {
    if (type === "test:diagnostic" && data.nesting === 0) yield `${data.message}\n`;
    const ofFile = (type === "test:pass" || type === "test:fail") && data.nesting === 0;
    if (ofFile) took.set(data.file, (took.get(data.file) ?? 0) + data.details.duration_ms);
  }
  const longest = [...took].sort(([, one], [, other]) => other - one).slice(0, SHOWN);
  yield `slowest ${longest.map(([file, ms]) => `${relative(".", file)} ${Math.round(ms / 1_000)} s`).join(", ")}\n`;
}

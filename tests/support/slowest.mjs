// A reporter for Node's test runner: the files whose tests took longest, in one line.
import { relative } from "node:path";

const SHOWN = 5;

export default async function* slowest(events) {
  const took = new Map();
  for await (const { type, data } of events) {
    const ofFile = (type === "test:pass" || type === "test:fail") && data.nesting === 0;
    if (ofFile) took.set(data.file, (took.get(data.file) ?? 0) + data.details.duration_ms);
  }
  const longest = [...took].sort(([, one], [, other]) => other - one).slice(0, SHOWN);
  yield longest.map(([file, ms]) => `${relative(".", file)} ${Math.round(ms / 1_000)} s`).join(", ");
}

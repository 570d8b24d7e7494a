// The documents as the tests read them: pages with their code blocks, headings and links.
import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The README and the manual: what promises that its examples work. */
export async function manual() {
  const chapters = (await readdir(join(ROOT, "docs"))).filter((name) => name.endsWith(".md")).sort();
  return pages(["README.md", ...chapters.map((name) => `docs/${name}`)]);
}

/** The manual, the other documents at the root, and those of the examples. */
export async function everyDocument() {
  const others = ["ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "tests/README.md"];
  const examples = (await readdir(join(ROOT, "examples"), { withFileTypes: true }))
    .map((entry) => (entry.isDirectory() ? `${entry.name}/README.md` : entry.name))
    .filter((name) => existsSync(join(ROOT, "examples", name)))
    .map((name) => `examples/${name}`);
  return [...(await manual()), ...(await pages([...others, ...examples]))];
}

/** One page: `docs/clients.md`. */
export async function page(path) {
  return { path, text: await readFile(join(ROOT, path), "utf8") };
}

/** The text of a file of the repository. */
export const source = (path) => readFile(join(ROOT, path), "utf8");

/**
 * A page's code blocks: `{language, marks, text, line, name}`. What stands after commas in the fence's info is a
 * mark; `name` says where the block is.
 */
export function blocks({ path, text }) {
  const found = [];
  let open;
  text.split("\n").forEach((line, index) => {
    const fence = line.match(/^\s*(```+)(.*)$/);
    if (open && fence?.[1] === open.fence && fence[2] === "") {
      found.push({ ...open.block, text: open.lines.join("\n") + "\n" });
      open = undefined;
    } else if (open) {
      open.lines.push(line);
    } else if (fence) {
      const [language, ...marks] = fence[2].trim().split(",");
      const block = { language, marks, line: index + 2, name: `${path}:${index + 1}` };
      open = { fence: fence[1], lines: [], block };
    }
  });
  if (open) throw new Error(`${open.block.name}: this code block does not end`);
  return found;
}

/** A page's headings: `{level, text, anchor, body}`. The body ends at the next heading of any level. */
export function headings({ text }) {
  const found = [];
  const seen = new Map();
  for (const line of withoutCode(text).split("\n")) {
    const heading = line.match(/^(#{1,6}) +(.+?)\s*$/);
    if (!heading) {
      if (found.length > 0) found.at(-1).body += `${line}\n`;
      continue;
    }
    const plain = heading[2].replace(/\[([^\]]*)\]\([^)]*\)/g, "$1");
    const anchor = plain.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").replace(/\s/g, "-");
    const repeats = seen.get(anchor) ?? 0;
    seen.set(anchor, repeats + 1);
    const unique = repeats > 0 ? `${anchor}-${repeats}` : anchor;
    found.push({ level: heading[1].length, text: plain.replaceAll("`", ""), anchor: unique, body: "" });
  }
  return found;
}

/** The targets of a page's links, images included. */
export function links({ text }) {
  const prose = withoutCode(text).replace(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^()\s]+)\)|<(https?:[^>\s]+)>/g)].map((match) => match[1] ?? match[2]);
}

async function pages(paths) {
  return Promise.all(paths.map((path) => page(relative(ROOT, join(ROOT, path)))));
}

/** The text with the lines of its code blocks empty. */
function withoutCode(text) {
  let fence;
  const plain = text.split("\n").map((line) => {
    const found = line.match(/^\s*(```+)/)?.[1];
    const inside = fence !== undefined || found !== undefined;
    if (found) fence = fence === undefined ? found : fence === found ? undefined : fence;
    return inside ? "" : line;
  });
  return plain.join("\n");
}

// What the chapter on protecting pages shows stands in an example, which the tests drive in a browser.
//
// A block's mark names the example, its first line the file.
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";

import { ROOT, blocks, page, source } from "./book.mjs";

describe("the chapter on protecting pages", async () => {
  const shown = blocks(await page("docs/protecting-pages.md")).filter(({ language }) => ["js", "jsx"].includes(language));
  for (const { name, marks, text } of shown) {
    test(`shows at ${name} what stands in an example`, async () => {
      const { file, code } = pieceOf({ name, marks, text });
      assert.ok((await source(file)).includes(code), `${file} lacks\n${code}`);
    });
  }

  test("shows something of each example", async () => {
    const examples = (await readdir(join(ROOT, "examples"), { withFileTypes: true })).filter((entry) => entry.isDirectory());
    const driven = [];
    for (const { name } of examples) if ((await readdir(join(ROOT, "examples", name))).includes("package-lock.json")) driven.push(name);
    assert.deepEqual([...new Set(shown.flatMap(({ marks }) => marks))].sort(), driven.sort());
  });
});

test("sessionOf is the same in the chapter on clients and in each example that has it", async () => {
  const given = blocks(await page("docs/clients.md")).find(({ text }) => text.startsWith("// lib/session.js"));
  const code = given.text.slice(given.text.indexOf("\n") + 1);
  for (const example of ["nextjs-pages-v4", "nextjs-app-v5", "vite-react", "express"]) {
    assert.equal(await source(`examples/${example}/lib/session.js`), code, example);
  }
});

function pieceOf({ name, marks, text }) {
  const [first, ...lines] = text.split("\n");
  const path = first.match(/^\/\/ (\S+)$/)?.[1];
  assert.ok(path && marks.length === 1, `${name}: the mark is to name the example, the first line the file`);
  return { file: `examples/${marks[0]}/${path}`, code: lines.join("\n") };
}

// Every link of the documents leads somewhere, and the manual's table of contents is complete.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { describe, test } from "node:test";

import { ROOT, everyDocument, headings, links, page } from "./book.mjs";

describe("the documents' links", async () => {
  for (const document of await everyDocument()) {
    test(`of ${document.path} lead somewhere`, async () => {
      const broken = [];
      for (const link of links(document).filter((link) => !/^[a-z]+:/.test(link))) {
        if (!(await leadsSomewhere(document, link))) broken.push(link);
      }
      assert.deepEqual(broken, []);
    });
  }

  test("there are links, headings with anchors, and a link that leads nowhere is found", async () => {
    const made = { path: "docs/made.md", text: "# A `b.c_d`, e\n[x](clients.md) [y](nowhere.md) `[z](q.md)`\n" };
    assert.deepEqual(links(made), ["clients.md", "nowhere.md"]);
    assert.deepEqual(headings(made).map(({ anchor }) => anchor), ["a-bc_d-e"]);
    assert.equal(await leadsSomewhere(made, "clients.md"), true);
    assert.equal(await leadsSomewhere(made, "nowhere.md"), false);
    assert.equal(await leadsSomewhere(made, "clients.md#no-such-heading"), false);
    assert.equal(await leadsSomewhere(made, "#a-bc_d-e"), true);
  });
});

test("the table of contents names every chapter once", async () => {
  const listed = links(await page("docs/SUMMARY.md"));
  const there = (await readdir(join(ROOT, "docs"))).filter((name) => name.endsWith(".md") && name !== "SUMMARY.md");
  assert.deepEqual([...listed].sort(), there.sort());
});

async function leadsSomewhere(document, link) {
  const [file, anchor] = link.split("#");
  const path = file ? normalize(join(dirname(document.path), file)) : document.path;
  if (file && !existsSync(join(ROOT, path))) return false;
  if (!anchor) return true;
  const target = file ? await page(path) : document;
  return headings(target).some((heading) => heading.anchor === anchor);
}

// What the chapter on verifying tokens shows stands in an example that the tests run.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { blocks, page, source } from "../docs/book.mjs";

const FILES = { rust: "crates/keyward-verify/examples/verify.rs", js: "examples/verify/node/verify.mjs" };

/** The text without what only lays it out. */
const dense = (text) => text.replace(/\s+/g, "");

describe("the chapter on verifying tokens", async () => {
  const shown = blocks(await page("docs/verifying-tokens.md")).filter(({ language }) => language in FILES);
  for (const { name, language, text } of shown) {
    test(`shows at ${name} what stands in ${FILES[language]}`, async () => {
      assert.ok(dense(await source(FILES[language])).includes(dense(text)), text);
    });
  }

  test("shows something of each", () => {
    assert.deepEqual([...new Set(shown.map(({ language }) => language))].sort(), Object.keys(FILES).sort());
  });
});

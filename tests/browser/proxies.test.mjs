// Each proxy rule that the README gives carries a whole journey.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";

import { nextRule, nginxRule, viteRule } from "../support/proxy-rules.mjs";
import { compare } from "./compare.mjs";
import { nextFront, nginxFront, viteFront } from "./fronts.mjs";
import { wholeJourney } from "./journeys.mjs";
import { openStage } from "./stage.mjs";

const RULES = {
  nginx: { rule: nginxRule, front: nginxFront() },
  Vite: { rule: viteRule, front: viteFront() },
  "Next.js rewrites": { rule: nextRule, front: nextFront() },
};

for (const [name, { rule, front }] of Object.entries(RULES)) {
  describe(`the proxy rule for ${name}`, () => {
    let stage;
    before(async () => (stage = await openStage({ dialect: "next-auth-4", front })));
    after(() => stage?.close());

    compare("a whole journey", wholeJourney, () => stage);

    test("is in the README as it is tested here", async () => {
      const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
      assert.ok(readme.includes(rule), `the README lacks:\n${rule}`);
    });
  });
}

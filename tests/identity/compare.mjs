// Takes every journey with the real NextAuth first, then with Keyward, and compares what was observed.
import { after, before, describe } from "node:test";

import { compare } from "../browser/compare.mjs";
import { journeys } from "./journeys.mjs";
import { openStage } from "./stage.mjs";

/** The tests of one dialect, with Keyward's sessions kept by `strategy`. */
export function compareJourneys(dialect, strategy) {
  describe(`signing in with others in a browser, ${dialect}`, () => {
    let stage;
    before(async () => (stage = await openStage({ dialect, strategy, ids: ["github", "google"] })));
    after(() => stage?.close());

    for (const { name, dialects, run } of journeys) {
      if (!dialects || dialects.includes(dialect)) compare(name, run, () => stage);
    }
  });
}

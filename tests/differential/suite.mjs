// The tests of one dialect: the whole script to a real server and to Keyward, one test a scenario.
import assert from "node:assert/strict";
import { after, before, describe as group, test } from "node:test";

import { startBackend } from "../reference/backend.mjs";
import { keywardConfig } from "../reference/setups.mjs";
import { startReference } from "../reference/start.mjs";
import { startKeyward } from "../support/keyward.mjs";
import { runScript } from "./run.mjs";
import { scriptFor } from "./script/index.mjs";
import { describe, MOST_ALLOWED, settle } from "./settle.mjs";

const FEWEST_EXCHANGES = 70;

/** Declares the tests; `allowed` as in `settle`. */
export function keywardAgainstReference({ dialect, allowed }) {
  group(`Keyward as ${dialect} against the original`, { timeout: 180_000 }, () => {
    let backend;
    let result;

    before(async () => {
      backend = await startBackend();
      const place = { dialect, backendUrl: backend.url };
      const servers = async (setup) => {
        const reference = await startReference({ ...place, setup });
        try {
          return { reference, tested: await startKeyward({ config: keywardConfig({ ...place, setup }) }) };
        } catch (error) {
          await reference.stop();
          throw error;
        }
      };
      const { exchanges, differences } = await runScript({ dialect, servers });
      result = { exchanges, ...settle(differences, allowed) };
    });
    after(() => backend.stop());

    for (const { name } of scriptFor(dialect)) {
      test(name, () => {
        const mine = result.unexplained.filter(({ exchange }) => exchange.startsWith(`${name} > `));
        assert.equal(mine.length, 0, mine.map((one) => `\n  ${one.exchange}: ${describe(one)}`).join(""));
      });
    }

    test(`at least ${FEWEST_EXCHANGES} exchanges, at most ${MOST_ALLOWED} allowed differences, each one needed`, (context) => {
      context.diagnostic(`${dialect}: ${result.exchanges.length} exchanges, ${allowed.length} allowed differences`);
      assert.ok(result.exchanges.length >= FEWEST_EXCHANGES);
      assert.equal(new Set(result.exchanges).size, result.exchanges.length, "every exchange has a name of its own");
      assert.ok(allowed.length <= MOST_ALLOWED);
      assert.deepEqual(result.unused, []);
    });

    test("the back end was never sent anything it must refuse", () => assert.deepEqual(backend.faults, []));
  });
}

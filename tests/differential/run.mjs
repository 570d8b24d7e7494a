// Sends the script to two servers of one dialect and returns every difference.
import { SETUPS } from "../reference/setups.mjs";
import { compare } from "./compare.mjs";
import { play } from "./drive.mjs";
import { scriptFor } from "./script/index.mjs";

/**
 * `servers(setup)` starts the two servers of a setup: `{reference, tested}`, each with `url` and `stop()`.
 * Returns `{exchanges, differences}`; an exchange is its id, a difference `{exchange, field, reference, tested}`.
 */
export async function runScript({ dialect, servers }) {
  const script = scriptFor(dialect);
  const bySetup = groupBySetup(script);
  const results = [];
  for (const [setup, scenarios] of Object.entries(bySetup)) {
    const { reference, tested } = await servers(setup);
    try {
      for (const scenario of scenarios) {
        results.push(...(await both({ scenario, dialect, setup: SETUPS[setup], reference, tested })));
      }
    } finally {
      await Promise.all([reference.stop(), tested.stop()]);
    }
  }
  return { exchanges: results.map(({ id }) => id), differences: results.flatMap(({ differences }) => differences) };
}

async function both({ scenario, dialect, setup, reference, tested }) {
  const [expected, actual] = await Promise.all(
    [reference, tested].map(({ url }) => play({ scenario, dialect, setup, url })),
  );
  return expected.map(({ id, observation }, index) => ({
    id,
    differences: compare(observation, actual[index].observation).map((difference) => ({ exchange: id, ...difference })),
  }));
}

const groupBySetup = (script) =>
  script.reduce((groups, scenario) => ({ ...groups, [scenario.setup]: [...(groups[scenario.setup] ?? []), scenario] }), {});

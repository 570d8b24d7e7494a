// Keyward's tokens and the packages'.
import { keywardConfig } from "../reference/setups.mjs";
import { startKeyward } from "../support/keyward.mjs";
import { interop } from "./suite.mjs";
import { PACKAGES } from "./packages.mjs";

for (const dialect of Object.keys(PACKAGES)) {
  interop({
    what: "Keyward",
    dialect,
    start: ({ secret, ...place }) =>
      startKeyward({ config: { ...keywardConfig(place), ...(secret && { secret: undefined, secrets: secret }) } }),
  });
}

// The same expectations of the real servers: what these tests ask of Keyward is what the originals do.
import { startReference } from "../reference/start.mjs";
import { interop } from "./suite.mjs";
import { PACKAGES } from "./packages.mjs";

for (const dialect of Object.keys(PACKAGES)) interop({ what: "the original", dialect, start: startReference });

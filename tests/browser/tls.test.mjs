// One whole journey per dialect over an encrypted connection through nginx, at an address as in production:
// browsers take `__Secure-` and `__Host-` cookies nowhere else.
import assert from "node:assert/strict";
import { after, before, describe } from "node:test";

import { compare } from "./compare.mjs";
import { nginxFront } from "./fronts.mjs";
import { wholeJourney } from "./journeys.mjs";
import { openStage } from "./stage.mjs";

const COOKIES = {
  "next-auth-3": [
    "__Host-next-auth.csrf-token",
    "__Secure-next-auth.callback-url",
    "__Secure-next-auth.session-token",
  ],
  "next-auth-4": [
    "__Host-next-auth.csrf-token",
    "__Secure-next-auth.callback-url",
    "__Secure-next-auth.session-token",
  ],
  "auth-js-5": ["__Host-authjs.csrf-token", "__Secure-authjs.callback-url", "__Secure-authjs.session-token"],
};

for (const [dialect, names] of Object.entries(COOKIES)) {
  describe(`${dialect} over TLS through nginx`, () => {
    let stage;
    before(
      async () =>
        (stage = await openStage({ dialect, setup: "secure", front: nginxFront({ tls: true }), whole: true })),
    );
    after(() => stage?.close());

    compare(
      "a whole journey, with cookies for this origin and this connection alone",
      async (world) => {
        const observed = await wholeJourney(world);
        assert.deepEqual(Object.keys(observed.cookies), names);
        for (const cookie of Object.values(observed.cookies)) assert.ok(cookie.secure && cookie.httpOnly);
        return observed;
      },
      () => stage,
    );
  });
}

// The second factor of who signs in at a provider: the provider vouches for one factor, and the browser gets a page.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { forKeyward, startFakes } from "../identity/providers.mjs";
import { Visitor, chooseAt } from "../identity/visitor.mjs";
import { startKeyward } from "../support/keyward.mjs";
import { openedThings } from "../support/opened.mjs";
import { setUpApp, totp } from "./people.mjs";

const ORIGIN = "http://localhost:4310";

/** A visitor that also looks at pages and sends forms, as `people.mjs` asks of one. */
class Person extends Visitor {
  async page(path) {
    const reply = await this.send(`/api/auth${path}`);
    return { status: reply.status, location: reply.headers.get("location"), text: await reply.text() };
  }

  async post(path, fields) {
    const { csrfToken } = await (await this.send("/api/auth/csrf")).json();
    const body = new URLSearchParams({ csrfToken, ...fields });
    const reply = await this.send(`/api/auth${path}`, { method: "POST", body });
    return { status: reply.status, location: reply.headers.get("location"), text: await reply.text() };
  }
}

for (const dialect of ["next-auth-3", "next-auth-4", "auth-js-5"]) {
  for (const strategy of ["sealed", "stored"]) {
    describe(`the second factor after a provider, ${dialect}, ${strategy} sessions`, () => {
      const opened = openedThings();
      let keyward;
      before(async () => {
        const fakes = await startFakes(opened, { ids: ["github", "google"], origin: ORIGIN });
        const providers = forKeyward(fakes);
        const config = { dialect, public_url: ORIGIN, session: { strategy }, accounts: { enabled: true }, providers };
        keyward = await opened.add(startKeyward({ config }), (keyward) => keyward.stop());
      });
      after(() => opened.close());
      const newPerson = () => new Person({ origin: ORIGIN, url: keyward.url });

      for (const [provider, who] of [["google", "ada"], ["github", "grace"]]) {
        test(`lesson 53 63 back from ${provider} there is a page that asks for the code, and no session before it`, async () => {
          const owner = newPerson();
          await owner.signIn(provider, who);
          const { secret } = await setUpApp(owner);

          const browser = newPerson();
          const place = await browser.signIn(provider, who, { callbackUrl: "/there" });
          assert.match(place, /\/api\/auth\/-\/factor\?error=SecondFactorRequired/);
          assert.equal(await browser.session(), null);
          assert.deepEqual(browser.cookies.filter((name) => name.includes("session-token")), []);
          assert.equal((await browser.follow(place)).status, 200);
          const wrong = await browser.post("/-/factor", { code: "000000" });
          assert.match(wrong.location, /error=wrong_code/);
          const code = totp(secret);
          const done = await browser.post("/-/factor", { code });
          assert.equal(new URL(done.location, ORIGIN).href, `${ORIGIN}/there`);
          assert.ok((await browser.session())?.user.email);

          const again = newPerson();
          await again.signIn(provider, who);
          assert.match((await again.post("/-/factor", { code })).location, /error=wrong_code/, "used");
          const cancelled = newPerson();
          await cancelled.bringBack(await chooseAt(await cancelled.begin(provider)));
          assert.match((await cancelled.post("/-/factor", { code: totp(secret, 1) })).location, /second_factor_expired/);
          for (const nobody of [again, cancelled]) assert.equal(await nobody.session(), null);
        });
      }
    });
  }
}

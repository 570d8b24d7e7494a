// An account of Keyward's own that somebody set up under an address that they never proved, and the address's owner,
// for whom a provider vouches.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { emailProvider, linkIn } from "../email/setup.mjs";
import { Person } from "../hardening/person.mjs";
import { startExim } from "../support/exim.mjs";
import { startKeyward } from "../support/keyward.mjs";
import { openedThings } from "../support/opened.mjs";
import { PEOPLE } from "./fakes/people.mjs";
import { forKeyward, startFakes } from "./providers.mjs";
import { Visitor } from "./visitor.mjs";

const ORIGIN = "http://localhost:4310";

for (const strategy of ["stored", "sealed"]) {
  describe(`the first proof of an address, ${strategy} sessions`, () => {
    const opened = openedThings();
    let keyward;
    let exim;
    before(async () => {
      const fakes = await startFakes(opened, { ids: ["github", "google"], origin: ORIGIN });
      exim = await opened.add(startExim(), (exim) => exim.stop());
      const others = forKeyward(fakes, { google: { allow_dangerous_email_account_linking: true } });
      const providers = [...others, emailProvider(exim)];
      const config = { public_url: ORIGIN, session: { strategy }, accounts: { enabled: true }, providers };
      keyward = await opened.add(startKeyward({ config }), (keyward) => keyward.stop());
    });
    after(() => opened.close());
    const newVisitor = () => new Visitor({ origin: ORIGIN, url: keyward.url });

    test("lesson_43 ends the password and the sessions of whoever was there before", async () => {
      const squatter = new Person(keyward);
      await squatter.signUp("ada@example.com");
      assert.equal((await squatter.session())?.user?.email, "ada@example.com");
      const owner = newVisitor();
      await owner.signIn("google", "ada");
      assert.equal((await owner.session())?.user.email, "ada@example.com");

      assert.equal((await squatter.session())?.user, undefined);
      const again = new Person(keyward);
      await again.signIn("ada@example.com");
      assert.equal((await again.session())?.user, undefined);
    });

    test("lesson_43 is not given by a password: without the setting the provider's person is turned away", async () => {
      const squatter = new Person(keyward);
      await squatter.signUp("grace@example.com");
      const owner = newVisitor();
      assert.match(await owner.signIn("github", "grace"), /error=OAuthAccountNotLinked/);
      assert.equal(await owner.session(), null);
      assert.equal((await squatter.session())?.user?.email, "grace@example.com");
    });

    test("lesson_43 was GitHub's, public address or not: who follows a link later keeps that account", async () => {
      for (const [key, isPublic] of [["dorothy", true], ["hedy", false]]) {
        const owner = newVisitor();
        await owner.signIn("github", key);
        const email = `${key}@example.com`;
        const accounts = async (visitor) => (await visitor.send("/api/auth/-/v1/accounts")).json();
        const { accounts: made, email: address } = await accounts(owner);
        assert.deepEqual(address, { address: email, verified: true });
        assert.equal(PEOPLE[key].public === true, isPublic);

        const elsewhere = newVisitor();
        await elsewhere.ask(email);
        await elsewhere.send(linkIn(await exim.mail(email)));
        assert.equal((await elsewhere.session())?.user.email, email);
        assert.deepEqual((await accounts(elsewhere)).accounts, made);
        assert.equal((await owner.session())?.user.email, email);

        const again = newVisitor();
        assert.equal(await again.signIn("github", key), `${ORIGIN}/`);
        assert.equal((await again.session())?.user.name, PEOPLE[key].name);
      }
    });

    test("an address that a provider has proven can't be signed up for", async () => {
      const owner = newVisitor();
      await owner.signIn("github", "katherine");
      const squatter = new Person(keyward);
      await squatter.signUp("katherine@example.com");
      assert.equal((await squatter.session())?.user, undefined);
      assert.equal((await owner.session())?.user.email, "katherine@example.com");
    });
  });
}

// Answers that are not the browser's own, and more of them than anybody needs: nobody is signed in as somebody else.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { SECRET, startKeyward } from "../support/keyward.mjs";
import { openedThings } from "../support/opened.mjs";
import { forKeyward, startFakes } from "./providers.mjs";
import { Visitor, chooseAt } from "./visitor.mjs";

const ORIGIN = "http://localhost:4310";
/** As many attempts as a browser may have at once. */
const MOST = 5;

describe("answers of providers", () => {
  const opened = openedThings();
  let fakes;
  let keyward;
  before(async () => {
    fakes = await startFakes(opened, { ids: ["github", "google"], origin: ORIGIN });
    const session = { show: { "user.id": "sub" } };
    const config = { public_url: ORIGIN, dialect: "next-auth-4", session, providers: forKeyward(fakes) };
    const args = ["--log-format", "json", "--log-level", "debug"];
    keyward = await opened.add(startKeyward({ config, args }), (keyward) => keyward.stop());
  });
  after(() => opened.close());

  const newVisitor = () => new Visitor({ origin: ORIGIN, url: keyward.url });
  /** Brings `url` back, which is refused with `code`. */
  const refused = async (visitor, url, code) => {
    const { searchParams } = new URL((await visitor.follow(await visitor.bringBack({ url }))).url);
    assert.equal(searchParams.get("code"), code);
    assert.equal(await visitor.session(), null);
  };
  const changed = (url, change) => {
    const address = new URL(url);
    change(address);
    return address.href;
  };

  test("the answer of another browser signs nobody in", async () => {
    const [attacker, victim] = [newVisitor(), newVisitor()];
    const { url } = await chooseAt(await attacker.begin("github"), "ada");
    await refused(victim, url, "provider_attempt");
    await victim.begin("github");
    await refused(victim, url, "provider_attempt");
  });

  test("the code of another attempt signs nobody in", async () => {
    const [attacker, victim] = [newVisitor(), newVisitor()];
    const stolen = new URL((await chooseAt(await attacker.begin("github"), "ada")).url).searchParams.get("code");
    const { url } = await chooseAt(await victim.begin("github"), "grace");
    await refused(victim, changed(url, ({ searchParams }) => searchParams.set("code", stolen)), "provider_token");
    assert.deepEqual(fakes.github.refusals, ["token: code_verifier is not the challenge's"]);
    fakes.github.recover();
  });

  test("lesson_28 the answer of one provider brought to another's address signs nobody in", async () => {
    const visitor = newVisitor();
    const { url } = await chooseAt(await visitor.begin("google"), "ada");
    const elsewhere = changed(url, (address) => (address.pathname = "/api/auth/callback/github"));
    await refused(visitor, elsewhere, "provider_attempt");
    assert.deepEqual(fakes.github.requests.filter(({ step }) => step === "token"), []);
  });

  for (const [flaw, change, code] of [
    ["without its state", ({ searchParams }) => searchParams.delete("state"), "provider_attempt"],
    ["with another state", ({ searchParams }) => searchParams.set("state", "x".repeat(43)), "provider_attempt"],
    ["without its code", ({ searchParams }) => searchParams.delete("code"), "provider_response"],
    ["with two codes", ({ searchParams }) => searchParams.append("code", "x"), "provider_response"],
    ["with another issuer", ({ searchParams }) => searchParams.set("iss", "https://evil.example"), "provider_issuer"],
    ["without its issuer", ({ searchParams }) => searchParams.delete("iss"), "provider_issuer"],
    ["with an ID token beside the code", ({ searchParams }) => searchParams.set("id_token", "x"), "provider_response"],
    ["with an error of the provider", ({ searchParams }) => searchParams.set("error", "server_error"), "provider_error"],
  ]) {
    test(`an answer ${flaw} signs nobody in`, async () => {
      const visitor = newVisitor();
      const { url } = await chooseAt(await visitor.begin("google"), "ada");
      await refused(visitor, changed(url, change), code);
    });
  }

  test("the oldest of too many attempts gives way, the others all come back", async () => {
    const visitor = newVisitor();
    const answers = [];
    for (let begun = 0; begun <= MOST; begun++) answers.push(await chooseAt(await visitor.begin("github"), "grace"));
    assert.equal(visitor.cookies.filter((name) => name.includes("attempt")).length, MOST);
    await refused(visitor, answers[0].url, "provider_attempt");
    for (const answer of answers.slice(1)) assert.equal(await visitor.bringBack(answer), `${ORIGIN}/`);
    assert.deepEqual(visitor.cookies.filter((name) => name.includes("attempt")), []);
  });

  test("a newcomer who signs in in twenty browsers at once is one person, and signed in in all of them", async () => {
    const signedIn = Array.from({ length: 20 }, async () => {
      const visitor = newVisitor();
      await visitor.signIn("github", "katherine");
      return (await visitor.session())?.user.id;
    });
    const ids = await Promise.all(signedIn);
    assert.ok(ids[0], keyward.log);
    assert.equal(new Set(ids).size, 1);
  });

  test("one address at two providers at once makes one person, and the other attempt is refused", async () => {
    const landings = await Promise.all(
      ["github", "google"].map(async (provider) => {
        const visitor = newVisitor();
        return { landing: await visitor.signIn(provider, "radia"), session: await visitor.session() };
      }),
    );
    const [winners, losers] = [landings.filter(({ session }) => session), landings.filter(({ session }) => !session)];
    assert.equal(winners.length, 1);
    assert.match(losers[0].landing, /error=OAuthAccountNotLinked/);
  });

  test("nothing that lets anybody in is in the log", async () => {
    const secrets = [SECRET];
    for (const [id, fake] of Object.entries(fakes)) {
      fake.recover();
      const visitor = newVisitor();
      const address = await visitor.begin(id);
      const answer = await chooseAt(address, "hedy");
      await visitor.bringBack(answer);
      await visitor.bringBack(answer);
      const { searchParams } = new URL(answer.url);
      secrets.push(fake.client.secret, searchParams.get("code"), searchParams.get("state"));
      secrets.push(...["nonce", "code_challenge"].map((name) => new URL(address).searchParams.get(name)).filter(Boolean));
      secrets.push(...fake.requests.flatMap(({ headers, form }) => [headers.authorization?.split(" ")[1], form?.code_verifier].filter(Boolean)));
    }
    assert.ok(secrets.length >= 10 && keyward.log.includes("provider_attempt"));
    for (const secret of secrets) assert.ok(!keyward.log.includes(secret), `${secret.slice(0, 6)}… is in the log`);
  });
});

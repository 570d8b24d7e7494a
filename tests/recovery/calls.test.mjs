// What people do about their own accounts, over HTTP: a real server, a real mail server, no browser.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { NO_LIMITS } from "../email/setup.mjs";
import { startExim } from "../support/exim.mjs";
import { startKeyward } from "../support/keyward.mjs";
import { openedThings } from "../support/opened.mjs";
import { NEW_PASSWORD, PASSWORD, caller, linkIn, mailTable, newPerson, partsOf, startRecovering } from "./setup.mjs";

describe("recovery over HTTP", () => {
  const opened = openedThings();
  let exim;
  let base;
  let people = 0;
  const newAddress = () => `person-${++people}@example.com`;

  before(async () => ({ exim, base } = await startRecovering(opened, { accounts: { verification: "off" } })));
  after(() => opened.close());

  test("lesson 21: of fifty at one reset link one wins, and its password is the one that stands", async () => {
    const email = newAddress();
    const owner = await newPerson(base, email);
    assert.deepEqual(await owner.call("reset", { email }), { status: 200, body: { sent: true } });
    const link = partsOf(linkIn(await exim.mail(email)));
    const racers = await Promise.all(
      Array.from({ length: 50 }, async (_, n) => {
        const racer = caller(base);
        const { csrfToken } = await (await racer.get("/csrf")).json();
        return { racer, csrfToken, password: `${NEW_PASSWORD} ${n}` };
      }),
    );
    const answers = await Promise.all(
      racers.map(async ({ racer, csrfToken, password }) => {
        const headers = { "content-type": "application/json" };
        const body = JSON.stringify({ csrfToken, ...link, newPassword: password });
        const answer = await racer.send(`${base}/-/v1/account/reset`, { method: "POST", headers, body });
        return { status: answer.status, password, body: await answer.json() };
      }),
    );
    const winners = answers.filter(({ status }) => status === 200);
    assert.equal(winners.length, 1, JSON.stringify(answers.map(({ status }) => status)));
    const losers = answers.filter(({ status }) => status !== 200);
    // On a busy machine some are told to come again, and have tried nothing.
    const told = new Set(losers.map(({ body }) => body.error));
    told.delete("overloaded");
    assert.deepEqual([...told], ["link_not_valid"]);
    assert.equal(await owner.isSignedIn(), false, "every session is over");
    assert.equal(await owner.signIn(email, PASSWORD), "CredentialsSignin");
    assert.equal(await owner.signIn(email, winners[0].password), null);
  });

  test("a reset is answered the same whoever has the address, and only the mail says who", async () => {
    const [email, nobody] = [newAddress(), newAddress()];
    await newPerson(base, email);
    const answers = [];
    for (const address of [email, nobody]) {
      const asking = caller(base);
      const answer = await asking.post("/-/reset", { email: address });
      answers.push([answer.status, answer.headers.get("location"), await answer.text()]);
    }
    assert.deepEqual(answers[0], answers[1]);
    assert.match((await exim.mail(email)).text, /Press the button to choose a new password/);
    const mail = await exim.mail(nobody);
    assert.equal(mail.headers.subject, (await exim.mail(email)).headers.subject);
    assert.match(mail.text, /there is no account with it/);
    assert.doesNotMatch(mail.source, /token=/);
  });

  test("lesson 58: an address is changed where it was asked for, and taken back from the old mailbox", async () => {
    const [email, other] = [newAddress(), newAddress()];
    const owner = await newPerson(base, email);
    await owner.call("verify-email", { email });
    assert.deepEqual((await owner.call("verify-email", partsOf(linkIn(await exim.mail(email))))).body, { done: true });
    assert.deepEqual((await owner.call("email", { email: other })).body, { sent: true });
    const link = partsOf(linkIn(await exim.mail(other)));
    const stranger = await newPerson(base, newAddress());
    assert.equal((await stranger.call("email/confirm", link)).body.error, "link_not_valid");
    assert.equal((await caller(base).call("email/confirm", link)).body.error, "SessionRequired");
    assert.deepEqual((await owner.call("email/confirm", link)).body, { done: true });
    assert.equal((await owner.session()).user.email, other);

    const notice = await exim.mail(email, 2);
    assert.ok(!notice.source.includes(other), "the new address is not told");
    const back = await caller(base).call("email/return", partsOf(linkIn(notice)));
    assert.equal(back.body.done, true);
    assert.equal(await owner.isSignedIn(), false);
    assert.equal(await owner.signIn(email, PASSWORD), "CredentialsSignin", "the password is gone");
    await caller(base).call("reset", { ...back.body.reset, newPassword: NEW_PASSWORD });
    assert.equal(await owner.signIn(email, NEW_PASSWORD), null);
    assert.equal((await owner.session()).user.email, email);
  });

  test("one's own data are handed out without secrets, and go for good", async () => {
    const email = newAddress();
    const owner = await newPerson(base, email);
    const { status, body } = await owner.call("export");
    assert.equal(status, 200);
    assert.equal(body.user.email, email);
    assert.equal(body.sessions.length, 1);
    assert.doesNotMatch(JSON.stringify(body), /argon2|\$|token/i);
    assert.deepEqual((await owner.call("delete")).body, { done: true });
    assert.equal(await owner.isSignedIn(), false);
    assert.equal(await owner.signIn(email, PASSWORD), "CredentialsSignin");
    assert.match((await exim.mail(email)).headers.subject, /was deleted/);
  });

  test("a changed password asks for the old one and is told by mail", async () => {
    const email = newAddress();
    const owner = await newPerson(base, email);
    const other = caller(base);
    await other.signIn(email, PASSWORD);
    const wrong = await owner.call("password", { password: "not it", newPassword: NEW_PASSWORD });
    assert.deepEqual([wrong.status, wrong.body.error], [403, "wrong_password"]);
    const done = await owner.call("password", { password: PASSWORD, newPassword: NEW_PASSWORD });
    assert.deepEqual(done, { status: 200, body: { done: true } });
    assert.deepEqual([await owner.isSignedIn(), await other.isSignedIn()], [true, false]);
    assert.match((await exim.mail(email)).headers.subject, /password .* was changed/);
  });
});

test("where it is required nobody signs in before the link in the mail was followed", async (t) => {
  const opened = openedThings();
  t.after(() => opened.close());
  const { exim, base } = await startRecovering(opened, { accounts: { verification: "required" } });
  const email = "ada@example.com";
  const ada = await newPerson(base, email);
  assert.equal(await ada.isSignedIn(), false);
  assert.equal(await ada.signIn(email, "not it"), "CredentialsSignin");
  assert.equal(await ada.signIn(email, PASSWORD), "email_not_verified");
  // In another browser, by the password.
  const phone = caller(base);
  const link = partsOf(linkIn(await exim.mail(email)));
  assert.equal((await phone.call("verify-email", link)).body.error, "missing_field");
  assert.deepEqual((await phone.call("verify-email", { ...link, password: PASSWORD })).body, { done: true });
  assert.equal(await ada.signIn(email, PASSWORD), null);
});

test("a mail that the mail server puts off, and a server that is killed, lose nothing", async (t) => {
  const opened = openedThings();
  t.after(() => opened.close());
  const folder = await mkdtemp(join(tmpdir(), "keyward-recovery-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const exim = await opened.add(startExim(), (exim) => exim.stop());
  const config = {
    accounts: { enabled: true, verification: "off" },
    database: { url: `sqlite://${join(folder, "keyward.db")}` },
    mail: mailTable(exim),
    limits: NO_LIMITS,
  };
  const first = await startKeyward({ config });
  t.after(() => first.stop().catch(() => {}));
  const base = `${first.publicUrl}/api/auth`;
  const email = "later@example.com";
  const owner = await newPerson(base, email);
  assert.deepEqual((await owner.call("reset", { email })).body, { sent: true }, "nobody waits for the mail server");
  process.kill(first.pid, "SIGKILL");
  await exim.letThrough();
  const second = await opened.add(startKeyward({ config }), (keyward) => keyward.stop());
  const link = partsOf(linkIn(await mailWithin(exim, email, 150_000)));
  const done = await caller(`${second.publicUrl}/api/auth`).call("reset", { ...link, newPassword: NEW_PASSWORD });
  assert.deepEqual(done, { status: 200, body: { done: true } });
});

/** Who died while sending holds the mail for two minutes more at most. */
async function mailWithin(exim, email, span) {
  for (const deadline = Date.now() + span; ; ) {
    try {
      return await exim.mail(email);
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}

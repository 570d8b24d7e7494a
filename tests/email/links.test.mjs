// E-mail links of the built program, through a real mail server. One that breaks down: `faults.test.mjs`.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { MAIL_USER, startExim } from "../support/exim.mjs";
import { startKeyward } from "../support/keyward.mjs";
import { openedThings } from "../support/opened.mjs";
import { emailProvider, linkIn, logged, NO_LIMITS, person, startMailing } from "./setup.mjs";

const DIALECTS = ["next-auth-3", "next-auth-4", "auth-js-5"];
const location = (answer) => new URL(answer.headers.get("location"));

describe("a deployment that sends through Exim by STARTTLS", () => {
  const opened = openedThings();
  let exim;
  let keyward;
  let base;
  let people = 0;
  const newAddress = () => `person-${++people}@example.com`;
  const at = (link) => link.replace(keyward.publicUrl, keyward.url);

  before(async () => {
    ({ exim, keyward } = await startMailing(opened));
    base = `${keyward.url}/api/auth`;
  });
  after(() => opened.close());

  test("C1 one request is one mail with a text and an HTML part, to that address alone", async () => {
    const email = newAddress();
    const answer = await person(base).ask(email);
    const mail = await exim.mail(email);

    assert.equal(answer.status, 302);
    assert.equal(location(answer).pathname + location(answer).search, "/api/auth/verify-request?provider=email&type=email");
    assert.equal((await exim.sent(email)).length, 1);
    assert.equal(mail.parts, 2);
    assert.equal(mail.headers.to, email);
    assert.match(mail.headers.from, /^=\?utf-8\?[bq]\?.+\?= ?.*<no-reply@acme\.example>$/i);
    assert.equal(mail.headers["return-path"], "<no-reply@acme.example>");
    assert.equal(mail.headers.subject, `Sign in to ${new URL(keyward.publicUrl).host}`);
    assert.ok(mail.headers["message-id"] && mail.headers.date, mail.source);
    assert.match(mail.headers.received, /with esmtps/, "encrypted on its way");
    assert.match(linkIn(mail), /^http:\/\/localhost:\d+\/api\/auth\/callback\/email\?callbackUrl=.*&token=[0-9a-f]{64}&email=person-/);
    assert.ok(mail.html.includes(`href="${linkIn(mail).replaceAll("&", "&#38;")}"`), mail.html);
  });

  test("lesson_37 of fifty programs that follow a link at once, one is signed in", async () => {
    const email = newAddress();
    await person(base).ask(email);
    const link = at(linkIn(await exim.mail(email)));
    const followers = Array.from({ length: 50 }, () => person(base));
    const answers = await Promise.all(followers.map((follower) => follower.get(link)));
    const signedIn = await Promise.all(followers.map((follower) => follower.isSignedIn()));
    const refused = answers.filter((answer) => location(answer).searchParams.get("error") === "Verification");

    assert.equal(signedIn.filter(Boolean).length, 1);
    assert.equal(refused.length, 49);
  });

  test("lesson_37 a program that looks at a link by HEAD uses nothing up", async () => {
    const email = newAddress();
    await person(base).ask(email);
    const link = at(linkIn(await exim.mail(email)));
    for (let look = 0; look < 3; look++) {
      const answer = await fetch(link, { method: "HEAD", redirect: "manual" });
      assert.equal(answer.status, 200);
      assert.deepEqual(answer.headers.getSetCookie(), []);
    }
    const reader = person(base);
    await reader.get(link);
    assert.equal((await reader.session()).user.email, email);
  });

  test("lesson_75 the mail server is handed exactly the address that was checked", async () => {
    for (const [written, meant] of [
      [" Ada.Full@EXAMPLE.com ", "ada.full@example.com"],
      ["ａda.wide＠example.com", "ada.wide@example.com"],
      ["o'hara+news@example.com", "o'hara+news@example.com"],
    ]) {
      await person(base).ask(written);
      const mail = await exim.mail(meant);
      assert.equal(mail.headers.to, meant);
      assert.ok(linkIn(mail).endsWith(`&email=${encodeURIComponent(meant).replaceAll("'", "%27")}`), linkIn(mail));
    }
  });

  test("lesson_72 two addresses in one field get no mail at all", async () => {
    const before = (await exim.sent()).length;
    for (const email of ["a@x.example,b@x.example", "a@x.example\r\nBcc: b@x.example", '"a@x.example"@b.example']) {
      const answer = await person(base).ask(email);
      assert.equal(location(answer).searchParams.get("code"), "invalid_email", email);
    }
    await person(base).ask("last@example.com");
    await exim.mail("last@example.com");
    assert.equal((await exim.sent()).length, before + 1);
  });

  test("a mail that the server refuses is said, and can be asked for again", async () => {
    const asking = person(base);
    const refused = await asking.ask("nobody@example.com");
    assert.equal(location(refused).search, "?error=EmailSignin&code=mail_not_sent");
    const shown = await (await asking.get((await asking.get(location(refused).pathname.slice(9) + location(refused).search)).headers.get("location").replace(keyward.publicUrl, keyward.url))).text();
    assert.ok(shown.includes("The email couldn’t be sent"), shown);

    const early = await asking.ask("later@example.com");
    assert.equal(location(early).searchParams.get("error"), "EmailSignin");
    await exim.letThrough();
    const late = await asking.ask("later@example.com");
    assert.equal(location(late).pathname, "/api/auth/verify-request");
    await asking.get(at(linkIn(await exim.mail("later@example.com"))));
    assert.equal((await asking.session()).user.email, "later@example.com");

    await logged(keyward, /code=mail_not_sent +detail=.*5\.1\.1 nobody here/);
    await logged(keyward, /code=mail_not_sent +detail=.*4\.2\.2 come back later/);
  });

  test("the log holds no link and no token", async () => {
    const tokens = (await exim.sent()).map((mail) => new URL(linkIn(mail)).searchParams.get("token"));
    assert.ok(tokens.length > 4);
    const last = await fetch(`${base}/signout`);
    await last.text();
    await logged(keyward, /\/api\/auth\/signout/);
    assert.deepEqual(tokens.filter((token) => keyward.log.includes(token)), []);
    assert.ok(!keyward.log.includes("token="));
  });

  test("C1 in production there is no mailbox", async () => {
    const answer = await person(base).get("/-/mailbox");
    assert.equal(answer.status, 404);
    assert.ok(!(await answer.text()).includes("@example.com"));
    const sent = await (await person(base).get("/verify-request")).text();
    assert.ok(!sent.includes("mailbox"), sent);
  });
});

describe("ways to name the mail server", () => {
  const opened = openedThings();
  let exim;
  before(async () => (exim = await opened.add(startExim({ authenticated: true }), (exim) => exim.stop())));
  after(() => opened.close());

  const delivers = async (provider, email, env = {}) => {
    const config = { limits: NO_LIMITS, providers: [{ type: "email", ...provider }] };
    const keyward = await opened.add(startKeyward({ config, env }), (keyward) => keyward.stop());
    const answer = await person(`${keyward.url}/api/auth`).ask(email);
    return { answer, keyward };
  };
  const { name, password } = MAIL_USER;
  const from = "no-reply@acme.example";

  test("C1 fields, encrypted from the first byte, with user and password", async () => {
    const fields = { host: "localhost", port: exim.tlsPort, tls: "implicit", user: name, password, ca_file: exim.certificate };
    await delivers({ ...fields, from }, "fields@example.com");
    assert.match((await exim.mail("fields@example.com")).headers.received, /with esmtpsa/);
  });

  test("C1 NextAuth's names in the environment", async () => {
    const EMAIL_SERVER = `smtps://${name}:${encodeURIComponent(password)}@localhost:${exim.tlsPort}`;
    await delivers({ ca_file: exim.certificate }, "environment@example.com", { EMAIL_SERVER, EMAIL_FROM: `Acme <${from}>` });
    const mail = await exim.mail("environment@example.com");
    assert.match(mail.headers.received, /with esmtpsa/);
    assert.match(mail.headers.from, /^"?Acme"? <no-reply@acme\.example>$/);
  });

  test("a wrong password and an untrusted certificate are refused, and no secret is in the log", async () => {
    const server = (user) => `smtp://${user}@localhost:${exim.port}?tls=required`;
    const wrong = await delivers({ server: server(`${name}:wrong-word-42`), from, ca_file: exim.certificate }, "wrong@example.com");
    const untrusted = await delivers({ server: server(`${name}:${encodeURIComponent(password)}`), from }, "untrusted@example.com");
    for (const { answer, keyward } of [wrong, untrusted]) {
      assert.equal(location(answer).searchParams.get("code"), "mail_not_sent");
      await logged(keyward, /code=mail_not_sent/);
      for (const secret of ["wrong-word-42", password, encodeURIComponent(password)]) assert.ok(!keyward.log.includes(secret));
    }
    assert.deepEqual([...(await exim.sent("wrong@example.com")), ...(await exim.sent("untrusted@example.com"))], []);
  });

  test("a certificate is not checked where that is asked for under its dangerous name, and the start says so", async () => {
    const server = `smtp://${name}:${encodeURIComponent(password)}@localhost:${exim.port}?tls=required`;
    const { keyward } = await delivers({ server, from, dangerous_accept_invalid_certificate: true }, "danger@example.com");
    await exim.mail("danger@example.com");
    await logged(keyward, /dangerous_accept_invalid_certificate/);
  });
});

test("C1 development without a mail server keeps mails, names them, and shows them", async () => {
  const keyward = await startKeyward({ config: { providers: [{ type: "email" }] }, args: ["--dev"] });
  try {
    const base = `${keyward.url}/api/auth`;
    const ada = person(base);
    const sent = await ada.ask("ada@example.com");
    assert.match(await (await ada.get(location(sent).pathname.slice(9) + location(sent).search)).text(), /href="http[^"]+\/-\/mailbox"/);
    await logged(keyward, /a mail to ada@example\.com waits at http:\/\/localhost:\d+\/api\/auth\/-\/mailbox/);
    assert.ok(!keyward.log.includes("token="));
    const shown = await (await ada.get("/-/mailbox")).text();
    const [, link] = shown.match(/href="(http[^"]+callback[^"]+)"/);
    await ada.get(link.replaceAll("&#38;", "&"));
    assert.equal((await ada.session()).user.email, "ada@example.com");
  } finally {
    await keyward.stop();
  }
});

test("production without a mail server does not start", async () => {
  await assert.rejects(startKeyward({ config: { providers: [{ type: "email" }] } }), /there is no mail server/);
});

for (const dialect of DIALECTS) {
  test(`lesson_37 a page with one button stands before the use of a link, but not for who asked (${dialect})`, async () => {
    const opened = openedThings();
    try {
      const { exim, keyward } = await startMailing(opened, { config: { dialect }, provider: { confirm_page: true } });
      const base = `${keyward.url}/api/auth`;
      const email = "ada@example.com";
      const asking = person(base);
      await asking.ask(email);
      await asking.ask(email);
      const first = linkIn(await exim.mail(email)).replace(keyward.publicUrl, keyward.url);
      const second = linkIn(await exim.mail(email, 2)).replace(keyward.publicUrl, keyward.url);

      for (let scan = 0; scan < 3; scan++) {
        const scanner = person(base);
        const answer = await scanner.get(first);
        assert.equal(answer.status, 200);
        assert.match(await answer.text(), /<button[^>]*id="submitButton"/);
        assert.equal(await scanner.isSignedIn(), false);
      }
      const elsewhere = person(base);
      await elsewhere.get(first);
      const { searchParams } = new URL(first);
      const fields = Object.fromEntries(["token", "email", "callbackUrl"].map((name) => [name, searchParams.get(name)]));
      const pressed = await elsewhere.post("/callback/email", fields);
      assert.equal(pressed.status, 302);
      assert.equal((await elsewhere.session()).user.email, email);

      await asking.get(second);
      assert.equal((await asking.session()).user.email, email);
    } finally {
      await opened.close();
    }
  });
}

test("two kinds of mail for one page, where sign-up is closed", async () => {
  const opened = openedThings();
  try {
    const { exim, keyward } = await startMailing(opened, { provider: { sign_up: false } });
    const answer = await person(`${keyward.url}/api/auth`).ask("stranger@example.com");
    const mail = await exim.mail("stranger@example.com");
    assert.equal(location(answer).pathname, "/api/auth/verify-request");
    assert.match(mail.text, /there is no account with it/);
    assert.ok(!mail.source.includes("token"));
  } finally {
    await opened.close();
  }
});

// A thousand people at once, each of whom sees only themselves.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { after, before, test } from "node:test";

import { startKeyward } from "../support/keyward.mjs";
import { Person } from "./person.mjs";

const PEOPLE = 1000;
let backend;

before(async () => {
  backend = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      const { email } = JSON.parse(body);
      const refused = email.startsWith("refused");
      const answer = refused ? { message: `no, ${email}` } : { id: email, name: email, email };
      response.writeHead(refused ? 422 : 200, { "content-type": "application/json" }).end(JSON.stringify(answer));
    });
  }).listen(0, "127.0.0.1");
  await once(backend, "listening");
});
after(() => backend?.close());

for (const strategy of ["sealed", "stored"]) {
  test(`lesson_60 lesson_61 ${strategy}: of a thousand people at once each sees only themselves, also in errors`, async (t) => {
    const fields = [{ name: "email" }, { name: "password", type: "password" }];
    const endpoint = `http://127.0.0.1:${backend.address().port}/`;
    // Fifty at a time wait for one back end, on machines that have other things to do.
    const timeout = "60s";
    const providers = [{ id: "login", type: "backend", name: "Login", endpoint, timeout, source: "shop", fields }];
    const keyward = await startKeyward({ config: { session: { strategy }, providers } });
    t.after(() => keyward.stop());

    let next = 0;
    const worker = async () => {
      for (let i = next++; i < PEOPLE; i = next++) {
        const email = `person${i}@example.com`;
        const person = new Person(keyward);
        const refused = await person.post("callback/login", { email: `refused${i}@example.com`, password: "x" });
        const { url } = await refused.json();
        assert.equal(new URL(url).searchParams.get("error"), `no, refused${i}@example.com`);
        assert.equal((await person.post("callback/login", { email, password: "x" })).status, 200);
        const sessions = await Promise.all([person.session(), person.session(), person.session()]);
        for (const session of sessions) assert.equal(session.user.email, email);
      }
    };
    await Promise.all(Array.from({ length: 50 }, worker));
  });
}

// Nothing that lets anybody in ever reaches the log.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { SECRET, startKeyward } from "../support/keyward.mjs";
import { PASSWORD, Person } from "./person.mjs";

const MARK = "m4rk3d";

for (const format of ["text", "json"]) {
  describe(`the ${format} log`, () => {
    let keyward;
    before(async () => {
      keyward = await startKeyward({ config: { accounts: { enabled: true } }, args: ["--log-format", format, "--log-level", "debug"] });
    });
    after(() => keyward?.stop());

    test("holds a line for each request and no secret, token, cookie or password of any route", async () => {
      const secrets = new Set([SECRET, PASSWORD, MARK]);
      const person = new Person(keyward, { authorization: `Bearer ${MARK}-bearer`, "x-api-key": `${MARK}-key` });
      const drive = async () => {
        for (const [, value] of person.cookies) {
          for (const part of [value, decodeURIComponent(value), ...decodeURIComponent(value).split("|")]) secrets.add(part);
        }
        for (const path of ["csrf", "providers", "session", "signin", "signout", "error", "verify-request", "-/signup", "nothing", "callback/credentials", "signin/credentials", `error/${MARK}`]) {
          await person.send(`${path}?token=${MARK}-query&error=${MARK}-error&password=${MARK}`);
        }
      };
      await person.send("csrf");
      await drive();
      await person.signUp("ada@example.com");
      await drive();
      await person.signIn("ada@example.com", `${MARK}-password`);
      await person.signIn("ada@example.com");
      await person.post("session", { data: `${MARK}-data` });
      await person.post("_log", { level: "error", code: "CLIENT_FETCH_ERROR", message: `${MARK}-message`, password: MARK });
      await person.send("callback/credentials", { method: "POST", headers: { "content-type": "application/json" }, body: `{"password": "${MARK}-broken` });
      await drive();
      await person.post("signout", {});
      const lines = keyward.log.split("\n").filter(Boolean);
      assert.ok(lines.length >= 30, `one line a request, got ${lines.length}`);
      const callback = [...secrets].filter((secret) => !secret.startsWith("http"));
      for (const secret of callback) {
        const line = lines.find((line) => line.includes(secret));
        // A path is logged, and a path was marked on purpose: that one line names the mark and nothing else.
        const allowed = secret === MARK && line?.includes(`/error/${MARK}`);
        assert.ok(!line || allowed, `the log holds ${secret.slice(0, 8)}…: ${line}`);
      }
      const marked = lines.filter((line) => line.includes(MARK) && !line.includes(`/error/${MARK}`));
      assert.deepEqual(marked, []);
      if (format === "json") for (const line of lines) JSON.parse(line);
    });
  });
}

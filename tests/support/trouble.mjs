// What a step that failed shows and leaves behind: on the page, in the log, in the database.
import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { query } from "./lock.mjs";

/** Who was refused is written down on purpose: in the audit trail, and in the memory of failed tries. */
const TRAIL = ["audit", "failure"];

/** Every row in the database of a Keyward, as SQL, but for the trail of refusals. */
export async function rowsOf({ folder }) {
  const dump = await query(join(folder, "keyward.db"), ".dump");
  const rows = dump.filter((line) => line.startsWith("INSERT INTO "));
  return rows.filter((row) => !TRAIL.includes(tableOf(row)) && !tableOf(row).startsWith("sqlite_"));
}

/** What came and went between two of them, by table: `["+ticket"]`. A row that was changed went and came. */
export function changes(before, after) {
  const came = after.filter((row) => !before.includes(row)).map((row) => `+${tableOf(row)}`);
  const went = before.filter((row) => !after.includes(row)).map((row) => `-${tableOf(row)}`);
  return [...came, ...went];
}

const tableOf = (row) => /^INSERT INTO "?(\w+)"?/.exec(row)[1];

/** What a page says went wrong: `title` and `text`. It also has to lead to where the person can try again. */
export function told(page) {
  const onForm = /<div class="error"[^>]*role="alert">.*?<strong>(.+?)<\/strong>\s*<p>(.+?)<\/p>/s;
  const onErrorPage = /<h1>(.+?)<\/h1>\s*<div class="message">\s*<p>(.+?)<\/p>/s;
  const [, title, text] = onForm.exec(page) ?? onErrorPage.exec(page) ?? assert.fail(`the page says nothing of trouble: ${page}`);
  assert.ok(/<form[^>]*method="post"|<a [^>]*href="[^"]*\/api\/auth\/signin"/i.test(page), `"${title}" leads to another try`);
  return { title, text };
}

/** Waits for the lines in a JSON log, from a place on, that tell of trouble, and gives them; `from` is a length of the log. */
export async function troubleIn(keyward, from = 0) {
  const find = () => {
    const lines = keyward.log.slice(from).split("\n").filter((line) => /^\{.*\}$/.test(line));
    // A page about an error is answered with 500 in generation 5: that request is no trouble of its own.
    return lines.map((line) => JSON.parse(line)).filter((line) => line.code || (line.level !== "INFO" && !line.path));
  };
  for (const deadline = Date.now() + 3_000; find().length === 0 && Date.now() < deadline; ) await pause(20);
  return find();
}

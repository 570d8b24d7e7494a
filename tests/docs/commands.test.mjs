// Every command that the documents show is run, and shows what they say.
//
// A block of the language `sh` holds commands, one of `console` commands after `$ ` and lines of what they print, in
// their order; `…` stands for anything. The blocks of a page run in one folder, one after the other. Beside a block
// with the mark `running` a server runs there; with `fails` the commands are refused. Programs that have tests of their own are named in `ELSEWHERE`.
import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, test } from "node:test";

import { freePort, startChild } from "../support/child.mjs";
import { KEYWARD, environment, run } from "./binary.mjs";
import { blocks, manual } from "./book.mjs";

/** Programs that are not run here: building, packaging, other machines. */
const ELSEWHERE = ["cargo", "docker", "npx", "npm", "systemctl", "mdbook"];
const WRAPPER = fileURLToPath(new URL("keyward.mjs", import.meta.url));

const shown = (await manual()).map((page) => ({
  path: page.path,
  here: blocks(page).filter((block) => ["sh", "console"].includes(block.language) && !isElsewhere(block)),
}));

describe("the documents' commands", { concurrency: 2 }, () => {
  for (const { path, here } of shown.filter(({ here }) => here.length > 0)) {
    test(`of ${path} do what it says`, async () => {
      const folder = await mkdtemp(join(tmpdir(), "keyward-docs-"));
      try {
        for (const block of here) await perform(block, folder);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
  }

  test("there are commands to run", () => {
    assert.ok(shown.flatMap(({ here }) => here).length > 10);
  });

  test("expected lines are looked for in order, with gaps", () => {
    assert.equal(missingLine("a\nb 1\nc\n", ["a", "b …", "c"]), undefined);
    assert.equal(missingLine("a\nb\nc\n", ["a", "…", "c"]), undefined);
    assert.equal(missingLine("a\nc\nb\n", ["b", "c"]), "c");
    assert.equal(missingLine("a.c\n", ["a.c"]), undefined);
    assert.equal(missingLine("abc\n", ["a.c"]), "a.c");
  });
});

async function perform(block, folder) {
  const bin = join(folder, ".bin");
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, "keyward"), `#!/bin/sh\nexec "${process.execPath}" "${WRAPPER}" "$@"\n`);
  await chmod(join(bin, "keyward"), 0o755);
  const env = environment({ HOME: folder, PATH: `${bin}:${process.env.PATH}`, KEYWARD_BIN: KEYWARD });

  const server = block.marks.includes("running") ? await serverIn(folder, env) : undefined;
  try {
    for (const { command, expected } of steps(block)) {
      const script = server ? command.replaceAll("localhost:4000", server.host) : command;
      const { code, output } = await run("bash", ["-euo", "pipefail", "-c", script], { cwd: folder, env });
      const shown = server ? output.replaceAll(server.host, "localhost:4000") : output;
      assert.equal(code !== 0, block.marks.includes("fails"), `${block.name}: ${command}\nended with ${code}\n${shown}`);
      const missing = missingLine(shown, expected);
      assert.equal(missing, undefined, `${block.name}: ${command}\nprinted\n${shown}\nbut not\n${missing}`);
    }
  } finally {
    await server?.stop();
  }
}

/** A server as the page's folder configures it. */
async function serverIn(folder, env) {
  const host = `127.0.0.1:${await freePort()}`;
  const configured = existsSync(join(folder, "keyward.toml"));
  const server = await startChild({
    command: KEYWARD,
    args: ["serve", "--listen", host, ...(configured ? ["--config", join(folder, "keyward.toml")] : ["--data", join(folder, "keyward-data")])],
    env,
    readyUrl: `http://${host}/readyz`,
  });
  return { host, stop: server.stop };
}

/** An `sh` block is one script; a `console` block is many, each with the lines that it shows. */
function steps({ language, text }) {
  if (language === "sh") return [{ command: text, expected: [] }];
  const found = [];
  for (const line of text.split("\n")) {
    if (line.startsWith("$ ")) found.push({ command: line.slice(2), expected: [] });
    else if (found.at(-1)?.command.endsWith("\\")) found.at(-1).command += `\n${line}`;
    else if (line.trim() !== "") found.at(-1).expected.push(line);
  }
  return found;
}

/** The first of the expected lines that the output lacks after those before it. */
function missingLine(output, expected) {
  const lines = output.split("\n").map((line) => line.trim());
  let from = 0;
  for (const line of expected.filter((line) => line.trim() !== "…")) {
    const pattern = new RegExp(`^${line.trim().split("…").map(escape).join(".*")}$`);
    const at = lines.findIndex((printed, index) => index >= from && pattern.test(printed));
    if (at < 0) return line;
    from = at + 1;
  }
  return undefined;
}

const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

function isElsewhere({ language, text, name }) {
  const commands = text.split("\n").map((line) => (language === "console" ? line.match(/^\$ (.*)/)?.[1] : line));
  const programs = commands.filter((line) => line && !/^\s*(#|$)/.test(line)).map((line) => line.trim().split(/\s+/)[0]);
  const elsewhere = programs.filter((program) => ELSEWHERE.includes(program));
  if (elsewhere.length > 0 && elsewhere.length < programs.length) {
    throw new Error(`${name}: split what is run here from ${elsewhere.join(", ")}`);
  }
  return elsewhere.length > 0;
}

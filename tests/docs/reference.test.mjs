// The manual's lists against what they are lists of: configuration keys, commands, environment variables, error
// codes, deviations, proxy rules, the embedded example.
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";

import authJs5 from "../differential/allowed/auth-js-5.mjs";
import nextAuth3 from "../differential/allowed/next-auth-3.mjs";
import nextAuth4 from "../differential/allowed/next-auth-4.mjs";
import { nextRule, nginxRule, viteRule } from "../support/proxy-rules.mjs";
import { KEYWARD, run } from "./binary.mjs";
import { ROOT, blocks, headings, page, source } from "./book.mjs";

describe("the configuration chapter", async () => {
  const keys = await configurationKeys();
  const documented = headings(await page("docs/configuration.md")).filter(({ level }) => level === 3);

  test("has one section for each key of the schema, and no other", () => {
    assert.ok(keys.size > 50, `${keys.size}`);
    assert.deepEqual(documented.map(({ text }) => text).sort(), [...keys.keys()].sort());
  });

  for (const { text, body } of documented) {
    test(`says of ${text} what it is by default, as the schema does`, () => {
      const defaults = [...(keys.get(text) ?? "").matchAll(/Default: (`[^`]+`|[^.]+)/g)].map((match) => match[1]);
      for (const value of defaults) assert.ok(prose(body).includes(prose(value)), `${value} is missing in\n${body}`);
    });
  }

  test("has an example for each key", async () => {
    const { text } = await page("docs/configuration.md");
    const examples = text.split(/^### /m).slice(1);
    const without = examples.filter((section) => !section.includes("```toml"));
    assert.deepEqual(without.map((section) => section.split("\n")[0]), []);
  });
});

test("the command line chapter has one section for each command, and no other", async () => {
  const documented = headings(await page("docs/command-line.md")).map(({ text }) => text);
  const commands = await commandsOf([]);
  assert.ok(commands.length >= 8, commands.join(", "));
  assert.deepEqual(documented.filter((text) => text.startsWith("keyward ")).sort(), commands.sort());
});

test("the environment chapter names each variable that the program reads, and no other", async () => {
  const files = (await readdir(join(ROOT, "crates/keyward-cli/src"), { recursive: true })).filter((f) => f.endsWith(".rs"));
  const code = (await Promise.all(files.map((file) => source(`crates/keyward-cli/src/${file}`)))).join("\n");
  const read = new Set([...code.matchAll(/"((?:NEXTAUTH|AUTH|KEYWARD)_[A-Z0-9_]+)"/g)].map((match) => match[1]));
  const { text } = await page("docs/environment.md");
  const named = new Set([...text.matchAll(/^\| `([A-Z][A-Z0-9_]+)`/gm)].map((match) => match[1]));

  assert.ok(read.size > 5, [...read].join(", "));
  for (const name of read) assert.ok(named.has(name), `${name} is read, but not in the chapter's tables`);
  for (const name of [...named].filter((name) => /^(NEXTAUTH|AUTH|KEYWARD)_/.test(name))) {
    const known = read.has(name) || code.includes(`"${name.replace("KEYWARD_", "")}"`);
    assert.ok(known, `${name} is in the chapter's tables, but the program does not read it`);
  }
});

test("the errors chapter has one section for each stable code, and no other", async () => {
  const codes = [
    ...table(await source("crates/keyward-core/src/error.rs"), "codes! {", /^ {4}\w+ = "(\w+)",$/gm),
    ...table(await source("crates/keyward-axum/src/refuse.rs"), "refusals! {", /^ {4}\w+ = "(\w+)",/gm),
    // Worded by the dialect alone.
    ...table(await source("crates/keyward-core/src/surface/render.rs"), "(Misdirected::InvalidCallbackUrl, _)", /let code = "(\w+)";/g),
    // Of log lines alone.
    ...[...(await source("crates/keyward/src/events/receiver.rs")).matchAll(/code = "(\w+)"/g)].map(([, code]) => code),
    ...[...(await source("crates/keyward/src/events.rs")).matchAll(/code = "(\w+)"/g)].map(([, code]) => code),
    ...[...(await source("crates/keyward/src/post.rs")).matchAll(/code = "(\w+)"/g)].map(([, code]) => code),
  ];
  assert.ok(codes.length > 25, codes.join(", "));
  const documented = headings(await page("docs/errors.md")).filter(({ level }) => level === 3);
  assert.deepEqual(documented.map(({ text }) => text).sort(), [...new Set(codes)].sort());
});

test("the claims that nobody may set are named where fields are kept and changed", async () => {
  const code = await source("crates/keyward-core/src/claims.rs");
  const [, list] = code.match(/RESERVED: \[&str; \d+\] =\s*\[([^\]]+)\]/);
  const valueOf = (constant) => code.match(new RegExp(`const ${constant}: &str = "(\\w+)"`))[1];
  const reserved = list.match(/"\w+"|[A-Z_]+/g).map((one) => (one.startsWith('"') ? one.slice(1, -1) : valueOf(one)));
  assert.ok(reserved.includes("sub") && reserved.includes("auth_time"), reserved.join(", "));
  for (const chapter of ["configuration", "credentials-backend", "rules"]) {
    const { text } = await page(`docs/${chapter}.md`);
    for (const claim of reserved) assert.ok(text.includes(`\`${claim}\``), `${claim} in ${chapter}`);
  }
});

test("the chapter on pages names every text with its default", async () => {
  const [, texts] = (await source("crates/keyward-pages/src/texts.rs")).split(/^texts! \{$/m);
  const defaults = [...texts.slice(0, texts.indexOf("\n}")).matchAll(/(\w+): "([^"]*)",/g)];
  const { text } = await page("docs/pages-and-theme.md");
  assert.ok(defaults.length > 20);
  for (const [, name, value] of defaults) assert.ok(text.includes(`| \`${name}\` | ${value} |`), name);
});

test("the chapter on embedding names the builder's calls, and no other", async () => {
  const builder = await source("crates/keyward/src/builder.rs");
  const calls = [...builder.matchAll(/^ {4}pub fn (\w+)\((?:mut )?self/gm)].map((match) => match[1]);
  const section = (await page("docs/embedding.md")).text.split("## The builder")[1].split("\n## ")[0];
  const named = [...section.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1]);
  assert.ok(calls.length > 10);
  assert.deepEqual(named.sort(), calls.sort());
});

describe("the chapter on deviations", async () => {
  const { text } = await page("docs/deviations.md");
  const said = prose(text);
  const reasons = new Set([...nextAuth3, ...nextAuth4, ...authJs5].map(({ reason }) => reason));
  for (const reason of reasons) {
    test(`says: ${reason}`, () => {
      assert.ok(said.includes(prose(reason)), "a difference is allowed for this reason, but the chapter does not give it");
    });
  }
});

describe("the chapter on getting started", async () => {
  const { text } = await page("docs/getting-started.md");
  for (const [name, rule] of Object.entries({ nginxRule, viteRule, nextRule })) {
    test(`gives the ${name} that the browser tests drive`, () => {
      assert.ok(text.includes(rule), `it lacks:\n${rule}`);
    });
  }
});

test("every piece of Rust in the chapter on embedding stands in an example that is compiled", async () => {
  const folder = "crates/keyward/examples";
  const examples = await Promise.all((await readdir(join(ROOT, folder))).map((name) => source(`${folder}/${name}`)));
  const compiled = examples.map(dense);
  const pieces = blocks(await page("docs/embedding.md")).filter(({ language }) => language === "rust");
  assert.ok(pieces.length > 0);
  for (const { name, text } of pieces) {
    assert.ok(compiled.some((example) => example.includes(dense(text))), `${name} stands in no example`);
  }
});

/** Every key of `keyward schema` as `providers.fields.name`, with what the schema says of it. */
async function configurationKeys() {
  const { code, output } = await run(KEYWARD, ["schema"]);
  assert.equal(code, 0, output);
  const schema = JSON.parse(output);
  const keys = new Map();
  const walk = (node, prefix) => {
    for (const part of parts(node, schema)) {
      for (const [name, member] of Object.entries(part.properties ?? {})) {
        const key = prefix ? `${prefix}.${name}` : name;
        const inner = parts(member, schema).some((part) => part.properties);
        if (!inner) keys.set(key, member.description ?? "");
        walk(member, key);
      }
    }
  };
  walk(schema, "");
  return keys;
}

/** What a schema may be: itself, what it refers to, its alternatives, and the items of a list of tables. */
function parts(node, schema) {
  if (typeof node !== "object" || node === null) return [];
  const referred = node.$ref?.split("/").slice(1).reduce((at, step) => at[step], schema);
  const others = [referred, ...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? []), node.items];
  return [node, ...others.filter(Boolean).flatMap((other) => parts(other, schema))];
}

/** `keyward serve`, `keyward user create` …, as the program's help lists them. */
async function commandsOf(path) {
  const { output } = await run(KEYWARD, [...path, "--help"]);
  const list = output.split(/^Commands:$/m)[1]?.split(/\n\s*\n/)[0] ?? "";
  const names = [...list.matchAll(/^ {2}(\S+)/gm)].map((match) => match[1]).filter((name) => name !== "help");
  if (names.length === 0) return [`keyward ${path.join(" ")}`];
  return (await Promise.all(names.map((name) => commandsOf([...path, name])))).flat();
}

/** What `pattern` finds from the line that begins with `start` to the end of its block. */
function table(code, start, pattern) {
  const [, rest] = code.split(new RegExp(`^ *${start.replace(/[{}()|]/g, "\\$&")}`, "m"));
  assert.ok(rest, `${start} is not there`);
  return [...rest.slice(0, rest.search(/^ *\}/m)).matchAll(pattern)].map((match) => match[1]);
}

const prose = (text) => text.replaceAll("`", "").replace(/\s+/g, " ").toLowerCase();
const dense = (text) => text.replace(/\s+/g, "");

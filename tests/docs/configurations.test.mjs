// Every configuration that the documents show is accepted by `keyward check` and starts a server.
//
// A block of the language `toml` is a whole configuration. With a mark after a comma it is a part of one:
// `fragment` stands beside a public URL and a secret from the environment, `provider` continues a `[[providers]]`
// table, `email` one of a provider of e-mail links, `cargo` is a manifest of Cargo and not ours.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";

import { makeCertificate } from "../support/certificate.mjs";
import { freePort, startChild } from "../support/child.mjs";
import { SECRET } from "../support/keyward.mjs";
import { KEYWARD, environment, run } from "./binary.mjs";
import { blocks, manual } from "./book.mjs";

/** What the documents take out of the environment. */
const VALUES = {
  NEXTAUTH_SECRET: SECRET,
  AUTH_SECRET: SECRET,
  SHOP_SECRET: "application-5d0c2f8e7b1a4936-of-the-manual",
  KEYWARD_ADMIN_KEY: "operator-9f4b1c7d2e8a6053-of-the-manual",
  AUTH_SECRET_OLD: `older-${SECRET}`,
  MAIL_PASSWORD: "a-password-of-the-mail-server",
  BACKEND_KEY: "a-key-of-the-back-end",
  HOOK_SECRET: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  ...clientsOf("GITHUB", "GOOGLE", "GITLAB", "DISCORD", "KEYCLOAK", "ACME", "INTRANET"),
  PROVIDER_KEY: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" }),
};

const MINIMAL_PROVIDER = `
[[providers]]
id = "login"
type = "backend"
endpoint = "http://localhost:5000/api/login"
`;

const MINIMAL_EMAIL = `
[[providers]]
type = "email"
server = "smtp://mail.example"
`;

/** What an example continues that has the mark `oauth` or `oidc`. */
const MINIMAL_OAUTH = `
[[providers]]
id = "github"
type = "oauth"
client_id = "a-client"
client_secret = "a-secret"
`;
const MINIMAL_OIDC = `
[[providers]]
id = "acme"
type = "oidc"
issuer = "https://id.acme.example"
client_id = "a-client"
client_secret = "a-secret"
`;

/** Files that they name. */
const FILES = {
  secret: `${SECRET}\n`,
  "mail.txt": "Sign in to {{ host }}: {{ url }}\n",
  "mail.html": '<p>Hello {{ email }}</p><a href="{{ url }}">Sign in to {{ host }}</a>\n',
  "ca.pem": await selfSigned(),
};

const found = (await manual()).flatMap(blocks);
const configurations = found.filter(({ language, marks }) => language === "toml" && !marks.includes("cargo"));

describe("the documents' configurations", { concurrency: 2 }, () => {
  for (const block of configurations) {
    test(`${block.name} starts a server`, async () => {
      const folder = await mkdtemp(join(tmpdir(), "keyward-docs-"));
      try {
        const file = join(folder, "keyward.toml");
        await writeFile(file, whole(block).replaceAll("/var/lib/keyward", folder), { mode: 0o600 });
        for (const [name, text] of Object.entries(FILES)) await writeFile(join(folder, name), text, { mode: 0o600 });
        const env = environment(valuesOf(block));

        const { code, output } = await run(KEYWARD, ["check", "--config", file, "--data", folder], { env });
        assert.equal(code, 0, output);

        const listen = `127.0.0.1:${await freePort()}`;
        const server = await startChild({
          command: KEYWARD,
          args: ["serve", "--config", file, "--data", folder, "--listen", listen],
          env,
          readyUrl: `http://${listen}/readyz`,
        });
        await server.stop();
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
  }
});

test("there are configurations in the documents, and all blocks have a known mark", () => {
  assert.ok(configurations.length > 60, `${configurations.length}`);
  const unknown = found.filter(
    ({ language, marks }) => language === "toml" && !["", "fragment", "provider", "oauth", "oidc", "email", "cargo"].includes(marks.join()),
  );
  assert.deepEqual(unknown.map(({ name }) => name), []);
});

test("a configuration with an unknown key is refused, so that the tests above can fail", async () => {
  const folder = await mkdtemp(join(tmpdir(), "keyward-docs-"));
  try {
    const file = join(folder, "keyward.toml");
    await writeFile(file, whole({ marks: ["fragment"], text: "colour = 1\n" }));
    const { code, output } = await run(KEYWARD, ["check", "--config", file], { env: environment(around) });
    assert.notEqual(code, 0);
    assert.match(output, /unknown key `colour`/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

const around = { NEXTAUTH_URL: "https://app.example", NEXTAUTH_SECRET: SECRET };

const whole = ({ marks, text }) => {
  if (marks.includes("email")) return MINIMAL_EMAIL + (text.includes("from =") ? text : `from = "no-reply@acme.example"\n${text}`);
  if (marks.includes("oauth")) return MINIMAL_OAUTH + text;
  if (marks.includes("oidc")) return MINIMAL_OIDC + text;
  return marks.includes("provider") ? MINIMAL_PROVIDER + text : text;
};

async function selfSigned() {
  const folder = await mkdtemp(join(tmpdir(), "keyward-docs-"));
  const certificate = await readFile(await makeCertificate(folder), "utf8");
  await rm(folder, { recursive: true, force: true });
  return certificate;
}

/** Client ids and secrets, as the environment has them. */
function clientsOf(...names) {
  return Object.fromEntries(names.flatMap((name) => [[`${name}_ID`, "a-client"], [`${name}_SECRET`, "a-secret"]]));
}

/** A fragment has address and secret around it; a whole configuration only what it asks for. */
function valuesOf({ marks, text }) {
  const asked = Object.entries(VALUES).filter(([name]) => text.includes(`\${${name}}`));
  return { ...(marks.length > 0 && around), ...Object.fromEntries(asked) };
}

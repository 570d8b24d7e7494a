// The part of the vectors that npm packages make; see make.py. Prints JSON.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { scryptSync, randomBytes } from "node:crypto";

const require = createRequire(`${process.cwd()}/`);
const folder = (name) => `${process.cwd()}/node_modules/${name}`;
const version = (name) => `${name} ${JSON.parse(readFileSync(`${folder(name)}/package.json`)).version}`;
const { FirebaseScrypt } = require("firebase-scrypt");
const bcrypt = require("bcryptjs");
const { hashPassword } = await import(`${folder("better-auth")}/dist/crypto/index.mjs`);

const passwords = ["correct horse battery staple", "pässwörd ﬁ 🔑"];
const firebase = {
  memCost: 14,
  rounds: 8,
  saltSeparator: "Bw==",
  signerKey: randomBytes(64).toString("base64"),
};
const vectors = [];
for (const password of passwords) {
  const salt = randomBytes(10).toString("base64");
  const hash = await new FirebaseScrypt(firebase).hash(password, salt);
  vectors.push({ source: version("firebase-scrypt"), format: "firebase-scrypt", hash, salt, firebase, password });
  const kept = await hashPassword(password);
  vectors.push({ source: version("better-auth"), format: "better-auth", hash: kept, password });
  vectors.push({ source: version("bcryptjs"), format: null, hash: bcrypt.hashSync(password, 4), password });
  const raw = randomBytes(16);
  const key = scryptSync(password, raw, 32, { N: 4096, r: 8, p: 1 });
  const text = (bytes) => bytes.toString("base64").replaceAll("=", "");
  const phc = `$scrypt$ln=12,r=8,p=1$${text(raw)}$${text(key)}`;
  vectors.push({ source: `Node.js ${process.version}, crypto.scrypt`, format: null, hash: phc, password });
}
process.stdout.write(JSON.stringify(vectors));

// Checks a password against a hash for so many milliseconds: `node argon2.mjs HASH PASSWORD MILLIS`.
// Prints what one check costs, in microseconds.
import { verifySync } from "@node-rs/argon2";

const [hash, password, millis] = process.argv.slice(2);
const check = () => {
  if (!verifySync(hash, password)) throw new Error("the right password did not match");
};

// Once before the clock starts: loading the library is no part of a check.
check();
const before = process.cpuUsage();
const began = performance.now();
let checks = 0;
while (performance.now() - began < Number(millis)) {
  check();
  checks += 1;
}
const clock = (performance.now() - began) * 1000;
const { user, system } = process.cpuUsage(before);
console.log(JSON.stringify({ cpu: (user + system) / checks, clock: clock / checks }));

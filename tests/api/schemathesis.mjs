// The pinned schemathesis, in an environment of its own.
import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const VERSION = "4.32.5";
const VENV = fileURLToPath(new URL(`../../target/schemathesis-${VERSION}`, import.meta.url));
const HERE = fileURLToPath(new URL(".", import.meta.url));

/** Runs a program of the environment (`schemathesis`, `python3`) beside what lies here; gives `{code, said, output}`, of which `said` is without errors. */
export async function inEnvironment(program, args, env = {}) {
  await install();
  const options = {
    maxBuffer: 64 << 20,
    // Where it leaves what it remembers.
    cwd: VENV,
    env: { ...process.env, PYTHONPATH: HERE, PYTHONDONTWRITEBYTECODE: "1", ...env },
  };
  return run(join(VENV, "bin", program), args, options).then(
    ({ stdout, stderr }) => ({ code: 0, said: stdout, output: stdout + stderr }),
    (error) => ({ code: error.code ?? 1, said: error.stdout, output: `${error.stdout}${error.stderr}${error.message}` }),
  );
}

/** Installs it once; of the files that want it at the same time the others wait. */
async function install() {
  await mkdir(dirname(VENV), { recursive: true });
  const steps = `
    test -e "$1/.complete" && exit
    rm -rf "$1"
    python3 -m venv "$1"
    "$1/bin/pip" install --quiet --disable-pip-version-check "$2"
    touch "$1/.complete"`;
  await run("flock", [`${VENV}.lock`, "sh", "-ec", steps, "sh", VENV, `schemathesis==${VERSION}`], { maxBuffer: 16 << 20 });
}

// Certificates that sign themselves, made with openssl.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Writes `certificate.pem` for localhost and its `key.pem` into `folder`; gives the certificate's path. */
export async function makeCertificate(folder) {
  const certificate = join(folder, "certificate.pem");
  await run("openssl", [
    ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost".split(" "),
    ..."-addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE".split(" "),
    ...["-keyout", join(folder, "key.pem"), "-out", certificate],
  ]);
  return certificate;
}

// Debian's Exim as the mail server of an application: a real SMTP server that nobody of us wrote.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { makeCertificate } from "./certificate.mjs";
import { freePort } from "./child.mjs";

const PROGRAM = "/usr/sbin/exim4";
const PATIENCE_MS = 15_000;

/** Who may send mail, where the server asks. */
export const MAIL_USER = { name: "keyward", password: "a mail password: 1%" };

const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

/**
 * Starts Exim on free ports of 127.0.0.1, with a certificate that it signed itself.
 *
 * It takes mail for everybody but `nobody@…` (refused) and, until `letThrough()`, `later@…` (asked to come back); with
 * `authenticated` from `MAIL_USER` alone. Gives `port` (STARTTLS), `tlsPort`, `certificate` (a path), `sent(to)`,
 * `mail(to)` and `stop()`.
 */
export async function startExim({ authenticated = false } = {}) {
  if (!existsSync(PROGRAM)) throw new Error(`no Exim at ${PROGRAM}: apt-get install exim4-daemon-light`);
  const folder = await mkdtemp(join(tmpdir(), "keyward-exim-"));
  // Exim gives up root for a user of its own.
  await Promise.all(["spool", "log", "inbox"].map((name) => mkdir(join(folder, name))));
  await Promise.all(["", "spool", "log", "inbox"].map((name) => chmod(join(folder, name), 0o777)));
  const certificate = await makeCertificate(folder);
  await chmod(join(folder, "key.pem"), 0o644);
  const [port, tlsPort] = [await freePort(), await freePort()];
  const file = join(folder, "exim.conf");
  await writeFile(file, configuration({ folder, port, tlsPort, authenticated }));
  const child = spawn(PROGRAM, ["-C", file, "-bdf"], { stdio: ["ignore", "ignore", "pipe"] });
  running.add(child);
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (log += text));
  const ended = new Promise((resolve) => child.once("exit", resolve)).finally(() => running.delete(child));
  const stop = async () => {
    child.kill("SIGKILL");
    await ended;
    // A process of its own that takes or delivers a mail may outlive it for a moment, and write there.
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  };
  try {
    await until(`Exim listens on ${tlsPort}: ${log}`, () => listens(tlsPort));
  } catch (error) {
    await stop();
    throw error;
  }
  const sent = async (to) => {
    const inbox = join(folder, "inbox", "new");
    const names = await readdir(inbox).catch(() => []);
    const mails = await Promise.all(names.map((name) => delivered(join(inbox, name))));
    mails.sort((one, other) => Number(one.at - other.at));
    return mails.map(({ source }) => parsed(source)).filter((mail) => !to || mail.envelopeTo === to);
  };
  return {
    port,
    tlsPort,
    certificate,
    stop,
    /** The mails to this address, as they were delivered, in order. */
    sent,
    /** Waits for the `count`th mail to this address. */
    mail: (to, count = 1) => until(`a mail to ${to} arrives`, async () => (await sent(to))[count - 1]),
    /** From now on `later@…` gets mail. */
    letThrough: () => writeFile(join(folder, "open"), ""),
  };
}

async function until(what, there) {
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    const found = await there();
    if (found) return found;
    await pause(20);
  }
  throw new Error(`waited in vain until ${what}`);
}

function listens(port) {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

async function delivered(path) {
  const [{ mtimeNs }, source] = await Promise.all([stat(path, { bigint: true }), readFile(path, "utf8")]);
  return { at: mtimeNs, source };
}

/** A delivered mail: `{envelopeTo, headers, text, html}`, headers by lower-case name. */
function parsed(source) {
  const { headers, body } = split(source.replaceAll("\r\n", "\n"));
  const boundary = headers["content-type"].match(/boundary="?([^";]+)"?/)[1];
  const parts = body.split(`--${boundary}`).slice(1, -1).map((part) => split(part.trimStart()));
  const part = (type) => parts.filter(({ headers }) => headers["content-type"].startsWith(type)).map(decoded);
  const [[text], [html]] = [part("text/plain"), part("text/html")];
  return { envelopeTo: headers["envelope-to"], headers, text, html, source, parts: parts.length };
}

function split(source) {
  const end = source.indexOf("\n\n");
  const lines = source.slice(0, end).replace(/\n[ \t]+/g, " ").split("\n");
  const headers = lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]);
  return { headers: Object.fromEntries(headers), body: source.slice(end + 2) };
}

function decoded({ headers, body }) {
  switch (headers["content-transfer-encoding"]?.toLowerCase()) {
    case "base64":
      return Buffer.from(body, "base64").toString();
    case "quoted-printable": {
      const bytes = body.replace(/=\n/g, "").replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
      return Buffer.from(bytes, "latin1").toString();
    }
    default:
      return body;
  }
}

function configuration({ folder, port, tlsPort, authenticated }) {
  const us = process.getuid() === 0 ? "" : `admin_groups = ${process.getgid()}\nexim_user = ${process.getuid()}\nexim_group = ${process.getgid()}`;
  const gate = authenticated ? "deny !authenticated = *\n       message = 5.7.0 who are you" : "";
  const { name, password } = MAIL_USER;
  return `
primary_hostname = mail.example
spool_directory = ${folder}/spool
log_file_path = ${folder}/log/%s
pid_file_path = ${folder}/pid
exim_path = ${PROGRAM}
local_interfaces = 127.0.0.1
daemon_smtp_ports = ${port} : ${tlsPort}
tls_on_connect_ports = ${tlsPort}
tls_advertise_hosts = *
tls_certificate = ${folder}/certificate.pem
tls_privatekey = ${folder}/key.pem
smtputf8_advertise_hosts = *
smtp_accept_max = 60
smtp_accept_queue_per_connection = 0
rfc1413_query_timeout = 0s
host_lookup =
keep_environment =
deliver_drop_privilege = true
${us}
acl_smtp_rcpt = recipient
acl_smtp_data = accept

begin acl
recipient:
  ${gate}
  deny condition = \${if eq{$local_part}{nobody}}
       message = 5.1.1 nobody here
  defer condition = \${if and{{eq{$local_part}{later}}{!exists{${folder}/open}}}}
       message = 4.2.2 come back later
  accept

begin routers
all:
  driver = accept
  transport = inbox

begin transports
inbox:
  driver = appendfile
  directory = ${folder}/inbox
  maildir_format
  create_directory
  envelope_to_add
  return_path_add

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if and{{eq{$auth2}{${name}}}{eq{$auth3}{${password}}}}}
  server_set_id = $auth2
`;
}

// Debian's nginx as the origin of an application: static files, and the proxy rule under test.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { makeCertificate } from "./certificate.mjs";
import { freePort, startChild } from "./child.mjs";

/**
 * Starts nginx for `app` ({page, script}) on `port` of localhost, with `rule` (text of a `location` block) in its
 * server and, with `tls`, a certificate that it signed itself.
 * Gives `{url, stop}`.
 */
export async function startNginx({ app, rule, port, tls = false }) {
  const folder = await mkdtemp(join(tmpdir(), "keyward-nginx-"));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const readyPort = await freePort();
    if (tls) await makeCertificate(folder);
    await Promise.all([
      writeFile(join(folder, "index.html"), app.page),
      writeFile(join(folder, "main.jsx"), app.script),
      writeFile(join(folder, "nginx.conf"), configuration({ folder, rule, port, readyPort, tls })),
    ]);
    const child = await startChild({
      command: "nginx",
      args: ["-e", "stderr", "-p", folder, "-c", join(folder, "nginx.conf")],
      env: { PATH: `${process.env.PATH}:/usr/sbin` },
      readyUrl: `http://127.0.0.1:${readyPort}/`,
    });
    return {
      url: `${tls ? "https" : "http"}://localhost:${port}`,
      stop: () => child.stop().finally(remove),
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

// The temporary folder is readable by its owner alone, so the workers run as that owner.
function configuration({ folder, rule, port, readyPort, tls }) {
  const asOwner = process.getuid() === 0 ? "user root;" : "";
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${join(folder, name)};`)
    .join("\n  ");
  const certificate = `ssl_certificate ${folder}/certificate.pem; ssl_certificate_key ${folder}/key.pem;`;
  return `
daemon off;
${asOwner}
worker_processes 1;
pid ${folder}/nginx.pid;
events {}
http {
  access_log off;
  ${temporary}
  types { text/html html; text/javascript jsx; }
  server {
    listen 127.0.0.1:${readyPort};
    return 200;
  }
  server {
    listen 127.0.0.1:${port}${tls ? " ssl" : ""};
    server_name localhost;
    ${tls ? certificate : ""}
    root ${folder};
    location / { try_files $uri /index.html; }
${rule}
  }
}
`;
}

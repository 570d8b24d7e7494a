// The client applications of `tests/clients`, bundled with the unmodified npm package of their generation.
import { build } from "esbuild";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** Folder of the application and npm alias of the client package, by dialect. */
export const clientApps = {
  "next-auth-3": { folder: folderOf("next-auth-3"), client: "next-auth-3" },
  "next-auth-4": { folder: folderOf("next-auth-4"), client: "next-auth-4" },
  "auth-js-5": { folder: folderOf("auth-js-5"), client: "next-auth-5" },
};

/** The client packages ask a Next.js environment for these; a browser has none. */
export const browserDefinitions = { "process.env.NODE_ENV": '"production"', "process.env": "{}" };

/**
 * Bundles the application of `dialect` in memory.
 * Gives its page and its script, which the page loads from `/main.jsx`.
 */
export async function bundleClientApp(dialect) {
  const { folder, client } = clientApps[dialect];
  const { outputFiles } = await build({
    // Aliases are looked up from here, wherever the tests were started.
    absWorkingDir: fileURLToPath(new URL("..", import.meta.url)),
    entryPoints: [`${folder}/main.jsx`],
    alias: { "next-auth": client },
    bundle: true,
    define: browserDefinitions,
    format: "esm",
    jsx: "automatic",
    logLevel: "warning",
    minify: true,
    write: false,
  });
  return { page: await readFile(`${folder}/index.html`, "utf8"), script: outputFiles[0].text };
}

function folderOf(name) {
  return fileURLToPath(new URL(`../clients/${name}`, import.meta.url));
}

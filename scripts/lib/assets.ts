import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, relative } from "node:path";
import { buildWeb, type WebFiles, webInputs } from "./web.ts";

const TARGET = "dist/assets";
/** What the app in dist/assets was built from, and which files it consists of. */
const STAMP = "dist/web.json";

// The renderer's own button for the dark colours belongs to a bar that is not shown.
const INIT = `const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();
SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  displayRequestDuration: true,
  validatorUrl: null,
});
`;

/**
 * Writes a file in one go. Leaves it alone when it holds this already: a running `wrangler dev` starts its Worker anew
 * when one is written.
 */
function keep(folder: string, name: string, content: Buffer): void {
  const file = `${folder}/${name}`;
  if (existsSync(file) && readFileSync(file).equals(content)) return;
  mkdirSync(dirname(file), { recursive: true });
  // Beside the folder, since what is in it is served.
  const unfinished = `${folder}/../.${process.pid}`;
  writeFileSync(unfinished, content);
  renameSync(unfinished, file);
}

interface Stamp {
  inputs: string;
  files: string[];
}

function readStamp(): Stamp {
  if (!existsSync(STAMP)) return { inputs: "", files: [] };
  return JSON.parse(readFileSync(STAMP, "utf8")) as Stamp;
}

const isCurrent = ({ inputs, files }: Stamp): boolean =>
  inputs === webInputs() && files.every((file) => existsSync(`${TARGET}/${file}`));

/** Puts a version of the app into a folder that is served, in the place of the one whose files are named. */
export function placeWeb(folder: string, files: WebFiles, before = globSync(`${folder}/**/*.*`)): void {
  // The page last: whoever gets it finds what it refers to.
  for (const [name, content] of files) if (name !== "index.html") keep(folder, name, content);
  keep(folder, "index.html", files.get("index.html") ?? Buffer.alloc(0));
  for (const file of before) if (!files.has(relative(folder, file))) rmSync(file, { force: true });
}

/** Builds the app and puts it in place of the one that is there, unless that is the same. */
export async function layOutWeb(): Promise<void> {
  const before = readStamp();
  if (isCurrent(before)) return;
  const inputs = webInputs();
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  const files = await buildWeb(`${version} (${inputs.slice(0, 7)})`);
  const replaced = before.files.map((file) => `${TARGET}/${file}`);
  placeWeb(TARGET, files, replaced);
  keep(
    dirname(STAMP),
    basename(STAMP),
    Buffer.from(JSON.stringify({ inputs, files: [...files.keys()] } satisfies Stamp)),
  );
}

/** Lays out dist/assets, what the Worker serves as files: the app, and the renderer of /api/docs. */
export function buildAssets(): void {
  for (const file of ["swagger-ui.css", "swagger-ui-bundle.js"]) {
    keep(TARGET, `docs-assets/${file}`, readFileSync(`node_modules/swagger-ui-dist/${file}`));
  }
  keep(TARGET, "docs-assets/init.js", Buffer.from(INIT));
  if (isCurrent(readStamp())) return;
  // In a process of its own: what is built depends on NODE_ENV, which test runners set for themselves.
  const { status } = spawnSync(process.execPath, ["scripts/web.ts"], {
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, NODE_ENV: "production", NODE_NO_WARNINGS: "1" },
  });
  if (status !== 0) throw new Error("the app could not be built");
}

/**
 * Builds the app anew each time that its sources have changed. What cannot be built is said, and waits for the next change.
 * They are read again and again: Node's watcher loses files that an editor replaces.
 */
export function watchWeb(): void {
  let seen = webInputs();
  setInterval(() => {
    const inputs = webInputs();
    if (inputs === seen) return;
    seen = inputs;
    const started = performance.now();
    try {
      buildAssets();
      console.log(`Built the app in ${Math.round(performance.now() - started)} ms.`);
    } catch {
      // The bundler has said why.
    }
  }, 300);
}

// `node scripts/run.mjs NAME [arguments]`: installs what package-lock.json names, if that has not been done,
// then runs scripts/NAME.ts on the Node that the project brings along. Must itself run on Node 20 with nothing installed.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
process.chdir(root);

const stampFile = "node_modules/.installed";
const wanted = createHash("sha256").update(readFileSync("package-lock.json")).digest("hex");
const installed = existsSync(stampFile) ? readFileSync(stampFile, "utf8") : "";
// Their install scripts fetch or choose what runs; without them npm ends well and leaves an installation that does not.
const BUILT = ["node", "workerd", "esbuild"];
const answers = (program) => spawnSync(`node_modules/.bin/${program}`, ["--version"], { stdio: "ignore" }).status === 0;
if (installed !== wanted || !existsSync("node_modules/.bin/node")) {
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
  const broken = BUILT.filter((program) => !answers(program));
  if (broken.length > 0) {
    console.error(
      `Installed, but ${broken.join(", ")} cannot be run: let npm run install scripts (unset npm_config_ignore_scripts, ` +
        'and "ignore-scripts" in every .npmrc), then repeat this command.',
    );
    process.exit(1);
  }
  writeFileSync(stampFile, wanted);
}

const [name, ...rest] = process.argv.slice(2);
const child = spawn("node_modules/.bin/node", [`scripts/${name}.ts`, ...rest], {
  stdio: "inherit",
  env: { ...process.env, PATH: `${root}node_modules/.bin:${process.env.PATH}`, NODE_NO_WARNINGS: "1" },
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code) => process.exit(code ?? 1));

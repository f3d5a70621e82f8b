import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

// A checkout with a stand-in for npm, which leaves behind what npm itself leaves: programs that need their install
// scripts are there with them, and dangle or fail without.
const NPM = `#!/bin/sh
rm -rf node_modules && mkdir -p node_modules/.bin
echo "npm $*" >> npm.log
if [ "$npm_config_ignore_scripts" = true ] || grep -qs ignore-scripts=true .npmrc; then
  ln -s ../node/bin/node node_modules/.bin/node
  for program in workerd esbuild; do printf '#!/bin/sh\\nexit 1\\n' > node_modules/.bin/$program; done
else
  ln -s "$REAL_NODE" node_modules/.bin/node
  for program in workerd esbuild; do printf '#!/bin/sh\\necho 1.0\\n' > node_modules/.bin/$program; done
fi
chmod +x node_modules/.bin/workerd node_modules/.bin/esbuild
`;

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "shopfloor-install-"));
  for (const folder of ["scripts", "bin"]) mkdirSync(join(root, folder));
  copyFileSync("scripts/run.mjs", join(root, "scripts/run.mjs"));
  writeFileSync(join(root, "package-lock.json"), "{}");
  writeFileSync(join(root, "scripts/start.ts"), 'console.log("started");\n');
  writeFileSync(join(root, "bin/npm"), NPM);
  chmodSync(join(root, "bin/npm"), 0o755);
});
afterEach(() => rmSync(root, { recursive: true }));

function start(settings: Record<string, string> = {}) {
  const env = { PATH: `${join(root, "bin")}:/usr/bin:/bin`, REAL_NODE: process.execPath, ...settings };
  return spawnSync(process.execPath, [join(root, "scripts/run.mjs"), "start"], { encoding: "utf8", env });
}

const refuses = ({ status, stdout, stderr }: ReturnType<typeof start>) => {
  expect([status, stdout]).toEqual([1, ""]);
  expect(stderr.trim().split("\n")).toEqual([
    expect.stringMatching(/^Installed, but node, workerd, esbuild cannot be run: /),
  ]);
  expect(stderr).toContain("ignore-scripts");
  expect(existsSync(join(root, "node_modules/.installed"))).toBe(false);
};
const works = ({ status, stdout, stderr }: ReturnType<typeof start>) =>
  expect([status, stdout, stderr]).toEqual([0, "started\n", ""]);

test("an installation without install scripts is not taken for one; without the setting the next run mends it", () => {
  refuses(start({ npm_config_ignore_scripts: "true" }));
  refuses(start({ npm_config_ignore_scripts: "true" }));
  works(start());
});

test("the same with the setting in .npmrc", () => {
  writeFileSync(join(root, ".npmrc"), "ignore-scripts=true\n");
  refuses(start());
  rmSync(join(root, ".npmrc"));
  works(start());
});

test("a broken installation that an older version has stamped is mended", () => {
  works(start());
  rmSync(join(root, "node_modules/.bin/node"));
  works(start());
});

test("what is installed is not installed again", () => {
  works(start());
  writeFileSync(join(root, "bin/npm"), "#!/bin/sh\nexit 7\n");
  works(start());
  writeFileSync(join(root, "package-lock.json"), "{ }");
  expect(start().status).toBe(7);
});

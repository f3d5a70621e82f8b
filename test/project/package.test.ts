import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

interface Package {
  engines: { node: string };
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
}
interface Lock {
  packages: Record<string, { version?: string; dependencies?: Record<string, string> }>;
}

const read = <T>(file: string): T => JSON.parse(readFileSync(file, "utf8")) as T;
const manifest = read<Package>("package.json");
const lock = read<Lock>("package-lock.json");
const wanted = { ...manifest.dependencies, ...manifest.devDependencies };

test.each(Object.entries(wanted))(
  "%s is pinned to one version, which is the locked and the installed one",
  (name, version) => {
    expect(version).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
    expect(lock.packages[`node_modules/${name}`]?.version).toBe(version);
    expect(read<{ version: string }>(`node_modules/${name}/package.json`).version).toBe(version);
  },
);

test("no package is both a dependency and a development dependency", () => {
  const both = Object.keys(manifest.dependencies).filter((name) => name in manifest.devDependencies);
  expect(both).toEqual([]);
});

test("every script that npm can run exists, and starts on Node 20 with nothing installed", () => {
  expect(manifest.engines.node).toBe(">=20");
  for (const script of Object.values(manifest.scripts)) {
    const [, name] = /^node scripts\/run\.mjs ([\w-]+)$/.exec(script) ?? [];
    if (name) expect(existsSync(`scripts/${name}.ts`), script).toBe(true);
  }
  const imports = [...readFileSync("scripts/run.mjs", "utf8").matchAll(/from "([^"]+)"/g)].map(([, from]) => from);
  for (const from of imports) expect(from).toMatch(/^node:/);
});

test.each(["start", "test", "check", "bench", "fuzz", "deploy", "db:schema", "db:rebuild"])(
  "npm run %s is there",
  (name) => {
    expect(manifest.scripts).toHaveProperty([name]);
  },
);

test("secrets are kept out of the repository", () => {
  const ignored = readFileSync(".gitignore", "utf8").split("\n");
  expect(ignored).toEqual(expect.arrayContaining([".dev.vars", "node_modules/", ".wrangler/"]));
});

test("nothing but the Worker itself logs requests: their addresses hold the tokens of /t/ and /u/", () => {
  expect(readFileSync("wrangler.toml", "utf8")).toMatch(/^\[observability\.logs\]\ninvocation_logs = false$/m);
});

test(".dev.vars.example names each secret that wrangler.toml requires, and holds none", () => {
  const required = /required = \[([^\]]*)\]/.exec(readFileSync("wrangler.toml", "utf8"))?.[1] ?? "";
  const names = [...required.matchAll(/"(\w+)"/g)].map(([, name]) => name);
  expect(names).toContain("BETTER_AUTH_SECRET");
  const example = readFileSync(".dev.vars.example", "utf8").split("\n");
  for (const name of names) expect(example).toContain(`${name}=`);
});

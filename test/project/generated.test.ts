import { spawnSync } from "node:child_process";
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { outdatedFiles } from "../../scripts/lib/generated.ts";

const folder = mkdtempSync(join(tmpdir(), "generated-"));
afterAll(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, "src/db/schema"), { recursive: true });
cpSync("migrations", join(folder, "migrations"), { recursive: true });

/** Runs Node in the copy. */
function node(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(resolve("node_modules/.bin/node"), args, {
    cwd: folder,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

const outdated = (): string[] => {
  const library = JSON.stringify(resolve("scripts/lib/generated.ts"));
  return JSON.parse(
    node("--input-type=module", "-e", `console.log(JSON.stringify((await import(${library})).outdatedFiles()))`),
  );
};

test("schema.sql and the tables of the query builder are what the migrations make", () => {
  expect(outdatedFiles()).toEqual([]);
});

test("what is missing, changed by hand or left over is found, and npm run db:schema puts it right", () => {
  expect(outdated()).toEqual(expect.arrayContaining(["schema.sql", "src/db/schema.ts", "src/db/schema/users.ts"]));
  node(resolve("scripts/schema.ts"));
  expect(outdated()).toEqual([]);

  appendFileSync(join(folder, "src/db/schema/users.ts"), "\n");
  writeFileSync(join(folder, "src/db/schema/gone.ts"), "");
  rmSync(join(folder, "schema.sql"));
  expect(outdated()).toEqual(["src/db/schema/users.ts", "schema.sql", "src/db/schema/gone.ts"]);
  node(resolve("scripts/schema.ts"));
  expect(outdated()).toEqual([]);
  expect(readFileSync(join(folder, "schema.sql"), "utf8")).toBe(readFileSync("schema.sql", "utf8"));
});

test("a migration that adds a column leaves the tables behind", () => {
  writeFileSync(
    join(folder, "migrations/9999_colour.sql"),
    "ALTER TABLE machines ADD COLUMN colour TEXT CHECK (colour IN ('red', 'green'));\n",
  );
  expect(outdated().sort()).toEqual(["schema.sql", "src/db/schema/machines.ts"]);
});

import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { rebuildMigration } from "../../scripts/lib/rebuild.ts";
import { databaseAfter, readMigrations, SCHEMA_FILE } from "../../scripts/lib/schema.ts";
import { definitionsOf, differences, inLine, REPEATED } from "../../scripts/lib/vocabulary.ts";
import { STATUSES, TICKET_STATUSES } from "../../src/vocabulary/statuses.ts";

const migrations = readMigrations();

/** The differences of a database that these migrations make, as a person reads them. */
function complaints(texts: string[]): string[] {
  const db = databaseAfter(texts);
  const found = differences(db).map(
    ({ vocabulary, table, rule }) =>
      `src/vocabulary/${vocabulary}.ts says other than ${rule} of ${table}: npm run db:rebuild -- <name>`,
  );
  db.close();
  return found;
}

test("the schema has the words of src/vocabulary", () => {
  expect(complaints(migrations)).toEqual([]);
});

test("every list of words in the schema comes from a vocabulary", () => {
  const schema = readFileSync(SCHEMA_FILE, "utf8").replace(/--.*$/gm, "");
  const lists = [...schema.matchAll(/CONSTRAINT (\w+) CHECK \(\w+ IN \('/g)].map(([, rule]) => rule);
  // What is linked with Stripe has one name, and no choice.
  const known = [...REPEATED.map(({ rule }) => rule), "external_links_kind"];
  expect(lists.length).toBeGreaterThan(15);
  expect(lists.filter((rule) => !known.includes(`${rule}`))).toEqual([]);
});

test("every vocabulary that tables hold is compared", () => {
  const files = readdirSync("src/vocabulary").map((file) => file.replace(".ts", ""));
  const compared = new Set(REPEATED.map(({ vocabulary }) => vocabulary));
  // Events stand in JSON and in texts that old entries keep.
  expect(files.filter((file) => !compared.has(file))).toEqual(["events"]);
});

test("other words, an old list in a generated column and a word too few are named, and put in line", () => {
  const db = databaseAfter(migrations);
  const definition = (definitionsOf(db).get("tickets") ?? "")
    .replace(/(CONSTRAINT tickets_status CHECK \(status IN \([^)]*), '\w+'\)/, "$1)")
    .replace(/(is_open [^(]*\(status IN \()'\w+', /, "$1");
  const older = [...migrations, rebuildMigration(migrations, [{ definition }])];
  expect(complaints(older)).toEqual([
    "src/vocabulary/statuses.ts says other than tickets_status of tickets: npm run db:rebuild -- <name>",
    "src/vocabulary/statuses.ts says other than is_open of tickets: npm run db:rebuild -- <name>",
  ]);
  expect(inLine("tickets", definition)).toBe(definitionsOf(db).get("tickets"));
  expect(() => inLine("tickets", definition.replace("tickets_status", "other"))).toThrow("neither a CHECK nor");
  db.close();
});

test("one status closes a ticket without a completion: stats_ticket_moved and src/stats/counting.ts know no other", () => {
  const closing = TICKET_STATUSES.filter(
    (status) => !STATUSES[status].open && STATUSES[status].completedAt === "clear",
  );
  expect(closing).toEqual(["cancelled"]);
});

describe("npm run db:rebuild", () => {
  let folder = "";
  const folders: string[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "rebuild-"));
    folders.push(folder);
    mkdirSync(join(folder, "src/db/schema"), { recursive: true });
    cpSync("migrations", join(folder, "migrations"), { recursive: true });
  });
  afterAll(() => {
    for (const path of folders) rmSync(path, { recursive: true });
  });

  const files = () => readdirSync(join(folder, "migrations")).sort();
  const next = `${String(migrations.length + 1).padStart(4, "0")}_change.sql`;
  const read = (file: string) => readFileSync(join(folder, file), "utf8");
  const rebuild = (...args: string[]) => {
    const run = spawnSync(resolve("node_modules/.bin/node"), [resolve("scripts/rebuild.ts"), ...args], {
      cwd: folder,
      encoding: "utf8",
    });
    return { status: run.status, said: run.stdout + run.stderr };
  };

  test("does nothing while schema and vocabulary agree", () => {
    expect(rebuild("change")).toEqual({ status: 0, said: expect.stringContaining("has the words") });
    expect(files()).toHaveLength(migrations.length);
  });

  test("writes the next migration for the tables that differ, and for no others than they need", () => {
    const definition = (
      /^CREATE TABLE deliveries [\s\S]*?(?=;\n)/m.exec(readFileSync(SCHEMA_FILE, "utf8"))?.[0] ?? ""
    ).replace(/(deliveries_channel CHECK \(channel IN \([^)]*)/, "$1, 'fax'");
    writeFileSync(
      join(folder, "migrations", next.replace("change", "fax")),
      rebuildMigration(migrations, [{ definition }]),
    );
    const file = `migrations/${String(migrations.length + 2).padStart(4, "0")}_change.sql`;
    const { status, said } = rebuild("change");
    expect(status).toBe(0);
    expect(said).toContain(`${file} makes anew: deliveries, delivery_attempts, push_logs.`);
    expect(read(file)).not.toContain("fax");
    expect(read("schema.sql")).not.toContain("fax");
    expect(rebuild("again")).toMatchObject({ said: expect.stringContaining("has the words") });
  });

  test("makes a migration again from what has been edited in it", () => {
    expect(rebuild("change", "push_logs").status).toBe(0);
    const path = join(folder, "migrations", next);
    const edited = read(`migrations/${next}`)
      .replace(
        "  created_at      TEXT    NOT NULL,",
        "  created_at      TEXT    NOT NULL,\n  place           TEXT    NOT NULL,",
      )
      .replace(/^(.*)$/m, `$1\n-- Values: {"push_logs": {"place": "'shop'"}}`);
    writeFileSync(path, edited);
    expect(rebuild("change")).toMatchObject({ status: 0 });
    expect(read(`migrations/${next}`)).toContain("SELECT id, delivery_id,");
    expect(read(`migrations/${next}`)).toContain("created_at, 'shop' FROM push_logs_rows;");
    expect(read("src/db/schema/push-logs.ts")).toContain("place: t.text().notNull()");
    expect(files()).toHaveLength(migrations.length + 1);
  });

  test.each([
    [["change", "nothing"], "there is no table nothing"],
    [["No Name"], "not a name of small letters"],
    [[], "Usage:"],
  ])("refuses %j", (args, said) => {
    const run = rebuild(...args);
    expect(run.said).toContain(said);
    expect(run.status).not.toBe(0);
    expect(files()).toHaveLength(migrations.length);
  });

  test("leaves a migration that was written by hand alone", () => {
    writeFileSync(join(folder, "migrations", next), "CREATE TABLE parts (id INTEGER PRIMARY KEY) STRICT;\n");
    const run = rebuild("change", "tickets");
    expect(run).toEqual({ status: 1, said: expect.stringContaining("was written by hand") });
    expect(read(`migrations/${next}`)).toContain("CREATE TABLE parts");
  });
});

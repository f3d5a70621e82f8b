import type { DatabaseSync } from "node:sqlite";

/** Where the generated tables stand, a file each, and the file that exports them all. */
export const TABLES_FOLDER = "src/db/schema";
export const TABLES_FILE = `${TABLES_FOLDER}.ts`;

const HEADER = "// Generated from migrations/ by `npm run db:schema`. Do not edit.\n";
const IMPORT = 'import { sqliteTable } from "drizzle-orm/sqlite-core";';
/** Characters of a line, as biome.json has it. */
const LINE = 120;

interface Column {
  name: string;
  type: string;
  notnull: number;
  /** Position in the primary key, from 1; 0 for a column outside it. */
  pk: number;
  /** 0 for a column that is stored; others are generated. */
  hidden: number;
}

interface Table {
  name: string;
  columns: Column[];
  /** Its CREATE TABLE statement, without comments, blanks between words made one. */
  definition: string;
}

function tablesOf(db: DatabaseSync): Table[] {
  const tables = db.prepare("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
  const columns = db.prepare("SELECT * FROM pragma_table_xinfo(?)");
  return tables.all().map(({ name, sql }) => ({
    name: String(name),
    columns: columns.all(String(name)) as unknown as Column[],
    definition: String(sql).replace(/--.*$/gm, "").replace(/\s+/g, " "),
  }));
}

const literals = (sql: string): string[] => [...sql.matchAll(/'([^']*)'/g)].map(([, value = ""]) => value);

/** The expression of a generated column. */
function expressionOf({ name, definition }: Table, column: string): string {
  const expression = new RegExp(`\\b${column} \\w+ GENERATED ALWAYS AS \\((.*?)\\) (?:VIRTUAL|STORED)\\b`).exec(
    definition,
  );
  if (!expression?.[1]) throw new Error(`${name}.${column}: write GENERATED ALWAYS AS (...) VIRTUAL behind its type`);
  return expression[1];
}

/** The texts that a column can hold, if its CHECK names them or a CASE makes them. */
function textsOf(table: Table, { name, hidden }: Column): string[] {
  if (hidden === 0)
    return literals(new RegExp(`CHECK \\(${name} IN \\(([^)]*)\\)\\)`).exec(table.definition)?.[1] ?? "");
  const expression = expressionOf(table, name);
  const results = /^CASE .* END$/.test(expression) ? (expression.match(/\b(?:THEN|ELSE) \S+/g) ?? []) : [];
  const texts = results.filter((result) => !result.endsWith(" NULL"));
  return texts.every((text) => /^\w+ '\w+'$/.test(text)) ? literals(texts.join(" ")) : [];
}

const isBoolean = ({ definition }: Table, { name }: Column): boolean =>
  definition.includes(`CHECK (${name} IN (0, 1))`);

const BUILDERS: Record<string, string> = { INTEGER: "integer", TEXT: "text", REAL: "real" };

/** A column as the query builder reads it; `union` is the TypeScript type of the texts that it can hold. */
function columnOf(table: Table, column: Column, union: string): string {
  const builder = BUILDERS[column.type];
  if (!builder) throw new Error(`${table.name}.${column.name}: no type for ${column.type}`);
  const mode = isBoolean(table, column) ? '{ mode: "boolean" }' : "";
  const isNeverNull = column.notnull === 1 || column.pk > 0;
  return `t.${builder}(${mode})${union && `.$type<${union}>()`}${isNeverNull ? ".notNull()" : ""}`;
}

const camel = (name: string): string => name.replace(/(?:^|_)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** The file of one table. A list of texts that is too long for its column's line gets a name. */
function tableFile(table: Table): string {
  const types: string[] = [];
  const columns = table.columns.map((column) => {
    const texts = column.type === "TEXT" ? textsOf(table, column).map((text) => JSON.stringify(text)) : [];
    const line = (union: string) => `  ${column.name}: ${columnOf(table, column, union)},`;
    const whole = line(texts.join(" | "));
    if (whole.length <= LINE) return whole;
    const name = camel(`${table.name}_${column.name}`);
    const type = `type ${name} = ${texts.join(" | ")};`;
    types.push(type.length <= LINE ? type : `type ${name} =\n${texts.map((text) => `  | ${text}`).join("\n")};`);
    return line(name);
  });
  const body = `export const ${table.name} = /* @__PURE__ */ sqliteTable("${table.name}", (t) => ({\n${columns.join("\n")}\n}));`;
  return `${HEADER}${[IMPORT, ...types, body].join("\n\n")}\n`;
}

/**
 * The tables of a database as the query builder reads them, with what a SELECT needs and no more: names, types, and
 * what may be NULL.
 *
 * @returns the text of each file by its path.
 */
export function tableFiles(db: DatabaseSync): Map<string, string> {
  const tables = tablesOf(db).map((table) => ({ table, file: `${table.name.replaceAll("_", "-")}.ts` }));
  const lines = tables.map(({ file }) => `export * from "./schema/${file}";\n`).sort();
  return new Map([
    [TABLES_FILE, `${HEADER}${lines.join("")}`],
    ...tables.map(({ table, file }) => [`${TABLES_FOLDER}/${file}`, tableFile(table)] as const),
  ]);
}

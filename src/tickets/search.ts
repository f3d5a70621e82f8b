import type { Context } from "../context.ts";
import type { Part } from "../db/bounded-page.ts";
import type { Fragment } from "../db/fragment.ts";
import { PAGE_MAX } from "../http/cursor.ts";
import { words } from "../search/words.ts";
import { FILED_UP_TO } from "./filing.ts";
import {
  beginning,
  count,
  idsOf,
  inAll,
  lookUp,
  ofCode,
  ofMachine,
  ofMonth,
  readRuns,
  type Tickets,
} from "./postings.ts";

/** So few filed tickets are always read one by one, and more than the other never. */
const CANDIDATES = 1000;
const CANDIDATES_MAX = 2500;
/** Words that are looked for; what begins a number counts as one. */
const WORDS = 12;

/** What a search has found out: which filed tickets come into question, and how to tell whether a ticket is a hit. */
export interface Search {
  conditions: Fragment[];
  /** Filed tickets, among them every filed one that is a hit. */
  filed: Tickets;
  /** Tickets with a higher id are not filed. */
  filedUpTo: number;
  /** Tickets there are, deleted ones as well. */
  total: number;
}

const NUMBER = /^[A-Za-z]{2,6}-[0-9]{1,4}(-[0-9]*)?$/;
/** Sorts after every text that begins with what stands before it. */
const LAST = "\u{10FFFF}";
/** A word that may be the code that a number begins with. */
const CODE = /^[a-z]{2,6}$/;

const rangeOf = (number: string): [string, string] => [number.toUpperCase(), number.toUpperCase() + LAST];

const numberCondition = (number: string): Fragment => ({
  sql: "t.ticket_id >= ? AND t.ticket_id < ?",
  params: rangeOf(number),
});

function wordCondition(word: string, machines: number[]): Fragment {
  const sql = ["instr(t.search_text, ?) > 0"];
  const params = [` ${word}`];
  if (CODE.test(word)) {
    sql.push("(t.ticket_id >= ? AND t.ticket_id < ?)");
    params.push(...rangeOf(`${word}-`));
  }
  if (machines.length > 0) {
    sql.push("t.machine_id IN (SELECT value FROM json_each(?))");
    params.push(JSON.stringify(machines));
  }
  return { sql: `(${sql.join(" OR ")})`, params };
}

const wordNeedles = (word: string): string[] => [beginning(word), ...(CODE.test(word) ? [ofCode(word)] : [])];

/** A needle for each part of what begins a number. */
function numberNeedles(number: string): string[] {
  const [code = "", month = "", count = ""] = number.toLowerCase().split("-");
  return [ofCode(code), ofMonth(month), ...(count === "" ? [] : [beginning(count)])];
}

const STATE = `SELECT ${FILED_UP_TO} AS filed_up_to, coalesce((SELECT MAX(id) FROM tickets), 0) AS newest,
                      (SELECT json_group_array(ticket_id) FROM search_edits) AS edited`;

const NUMBERS = `SELECT value AS number FROM json_each(?) WHERE EXISTS (
                   SELECT 1 FROM tickets WHERE ticket_id >= upper(value) AND ticket_id < upper(value) || char(1114111))`;

/** The rows that a search begins with. */
type Looked = [
  [{ filed_up_to: number; newest: number; edited: string }],
  { number: string }[],
  { id: number; search_text: string }[],
  { needle: string; run: string }[],
];

/**
 * What `q` asks of a ticket: every part begins its number, or a word of its number, title, description or machine. What
 * begins a ticket's number counts as that, if there is such a ticket; `VF-2` looks like one, and is a machine. One trip.
 *
 * @returns null when nothing matches, as when `q` holds no word at all.
 */
export async function search(ctx: Context, q: string): Promise<Search | null> {
  const { DB } = ctx.env;
  const parts = q.split(/\s+/);
  const likely = [...new Set(parts.filter((part) => NUMBER.test(part)))].slice(0, WORDS);
  // Either reading is looked up at once; which one holds is known when the answers are here. A number has three words.
  const looked = words(...parts).slice(0, WORDS + 2 * likely.length);
  if (looked.length === 0) return null;
  const results = await DB.batch([
    DB.prepare(STATE),
    DB.prepare(NUMBERS).bind(JSON.stringify(likely)),
    ...lookUp(ctx, looked, [...new Set([...looked.flatMap(wordNeedles), ...likely.flatMap(numberNeedles)])]),
  ]);
  const [[state], numberRows, machineRows, runs] = results.map((result) => result.results) as Looked;
  const numbers = numberRows.map((row) => row.number);
  const machinesWith = (word: string): number[] =>
    machineRows.filter(({ search_text }) => search_text.includes(` ${word}`)).map(({ id }) => id);
  const searched = words(...parts.filter((part) => !numbers.includes(part))).slice(0, WORDS - numbers.length);

  const under = readRuns(runs, state.filed_up_to);
  const filed = inAll([
    ...numbers.flatMap(numberNeedles).map((needle) => under([needle])),
    ...searched.map((word) => under([...wordNeedles(word), ...machinesWith(word).map(ofMachine)])),
  ]);
  for (const id of JSON.parse(state.edited) as number[]) filed[id >> 5] = (filed[id >> 5] ?? 0) | (1 << (id & 31));
  if (state.newest <= state.filed_up_to && filed.every((mask) => mask === 0)) return null;

  return {
    conditions: [...numbers.map(numberCondition), ...searched.map((word) => wordCondition(word, machinesWith(word)))],
    filed,
    filedUpTo: state.filed_up_to,
    total: state.newest,
  };
}

/**
 * What a page is chosen from, when it is all read: the filed tickets that come into question, and all that are not filed.
 * Null where going through the list is cheaper: the more hits there are, the sooner a page is full.
 */
export function candidatesOf({ filed, filedUpTo, total }: Search, limit: number): Part[] | null {
  const hits = count(filed);
  // The many pages of an export would read a backlog over and over.
  if (limit > PAGE_MAX && total - filedUpTo > CANDIDATES) return null;
  if (hits > CANDIDATES && (hits > CANDIDATES_MAX || hits > (limit * total) / hits / 2)) return null;
  const ids = JSON.stringify(idsOf(filed));
  return [
    { from: { sql: "json_each(?) c CROSS JOIN tickets t ON t.id = c.value", params: [ids] }, conditions: [] },
    {
      from: { sql: "tickets t NOT INDEXED", params: [] },
      conditions: [{ sql: "t.id > ?", params: [filedUpTo] }],
    },
  ];
}

import type { Context } from "../context.ts";
import { SHORT } from "./filing.ts";

/** A set of tickets: bit `id & 31` of element `id >> 5`. */
export type Tickets = Uint32Array;

const [COLON, COMMA, ZERO] = [...":,0"].map((character) => character.charCodeAt(0)) as [number, number, number];

/** With more machines than this, the entries of all machines are read as one. */
const MACHINES = 16;

/** SELECT of the machines that have any of so many words. Not limited: a ticket is found by its machine. */
const selectMachines = (words: string[]): string =>
  `SELECT id, search_text FROM machines WHERE ${words.map((_, index) => `instr(search_text, ?${index + 1}) > 0`).join(" OR ")}`;

// A needle is how an entry begins, with its `=` where the whole word is meant. Entries that begin alike stand side by side,
// in one leaf or in neighbours: where each begins is marked, and what has no mark ends the run.
const selectRuns = (words: string[]): string => `
  WITH machine AS MATERIALIZED (${selectMachines(words)}),
  needle AS MATERIALIZED (
    SELECT value AS needle, rtrim(value, '=') AS word FROM json_each(?)
    UNION ALL SELECT '#' || id || '=', '#' || id FROM machine WHERE (SELECT COUNT(*) FROM machine) <= ${MACHINES}
    UNION ALL SELECT '#', '#' WHERE (SELECT COUNT(*) FROM machine) > ${MACHINES}),
  marked AS MATERIALIZED (
    SELECT n.needle, replace(substr(l.entries, instr(l.entries, ';' || n.needle)), ';' || n.needle, '!') AS entries
    FROM needle n CROSS JOIN search_blocks b CROSS JOIN search_leaves l
      ON l.block_id = b.id AND l.first_word < n.word || char(1114111)
     AND l.first_word >= coalesce((SELECT MAX(f.first_word) FROM search_leaves f
                                   WHERE f.block_id = b.id AND f.first_word <= n.word), '')
    WHERE instr(l.entries, ';' || n.needle) > 0)
  SELECT needle, substr(entries, 2, instr(entries || ';', ';') - 2) AS run FROM marked`;

/** The needle for what begins with a word. */
export const beginning = (word: string): string => ([...word].length <= SHORT ? `${word}*=` : word);
/** The needles for what has this code in its number, and what has a month that begins so. */
export const ofCode = (code: string): string => `-${code}=`;
export const ofMonth = (month: string): string => `@${month}`;
/** The needle for the tickets of a machine. */
export const ofMachine = (id: number): string => `#${id}=`;

/** The statements that look up the machines that have words, and all that is filed under needles or these machines. */
export const lookUp = (
  ctx: Context,
  words: string[],
  needles: string[],
): [D1PreparedStatement, D1PreparedStatement] => {
  const { DB } = ctx.env;
  const wanted = words.map((word) => ` ${word}`);
  return [
    DB.prepare(selectMachines(words)).bind(...wanted),
    DB.prepare(selectRuns(words)).bind(...wanted, JSON.stringify(needles)),
  ];
};

/** Adds a list `slot:mask,…` that begins at `start` of a text. */
function add(tickets: Tickets, text: string, start: number): void {
  let slot = 0;
  let value = 0;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === COLON) {
      slot = value;
      value = 0;
    } else if (code === COMMA) {
      tickets[slot] = (tickets[slot] ?? 0) | value;
      value = 0;
    } else value = value * 10 + code - ZERO;
  }
  tickets[slot] = (tickets[slot] ?? 0) | value;
}

/**
 * What `lookUp` has found, by needle.
 *
 * @param upTo the highest id that is filed.
 * @returns a function that gives what is filed under any of some needles. An edited ticket stays under its old words.
 */
export function readRuns(runs: { needle: string; run: string }[], upTo: number): (needles: string[]) => Tickets {
  const entries = new Map<string, string[]>();
  const keep = (needle: string, entry: string) => {
    const known = entries.get(needle);
    if (known) known.push(entry);
    else entries.set(needle, [entry]);
  };
  for (const { needle, run } of runs) {
    const ofAllMachines = needle === "#";
    for (const entry of run.split("!"))
      keep(ofAllMachines ? `#${entry.slice(0, entry.indexOf("=") + 1)}` : needle, entry);
  }
  return (needles) => {
    const tickets = new Uint32Array((upTo >> 5) + 1);
    for (const entry of needles.flatMap((needle) => entries.get(needle) ?? [])) {
      add(tickets, entry, entry.indexOf("=") + 1);
    }
    return tickets;
  };
}

/** What is in all of these sets; of none: nothing. */
export function inAll(sets: Tickets[]): Tickets {
  const [first = new Uint32Array(0), ...others] = sets;
  return first.map((mask, slot) => others.reduce((common, set) => common & (set[slot] ?? 0), mask));
}

/** How many tickets a set has. */
export function count(tickets: Tickets): number {
  let total = 0;
  for (let mask of tickets) for (; mask; mask &= mask - 1) total++;
  return total;
}

/** The ids of a set, in order. */
export function idsOf(tickets: Tickets): number[] {
  const ids: number[] = [];
  tickets.forEach((mask, slot) => {
    for (let rest = mask; rest; rest &= rest - 1) ids.push(slot * 32 + 31 - Math.clz32(rest & -rest));
  });
  return ids;
}

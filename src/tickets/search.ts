import type { Context } from "../context.ts";
import { words } from "../search/words.ts";

/** A word with fewer hits than this is looked up; with more, it is tested along the list's own order. */
const CANDIDATES = 1000;
const MACHINES = 200;
/** Words that are looked for; with two queries each they stay well within those of one invocation. */
const WORDS = 12;

/** Something that a ticket must match: as a condition over `t`, and as a SELECT of the ids that meet it. */
interface Matcher {
  condition: string;
  params: (string | number)[];
  ids: string;
  idParams: (string | number)[];
}

export interface Search {
  conditions: string[];
  params: (string | number)[];
  /** The ids to choose from, when some word is rare enough. */
  candidates: number[] | null;
}

const NUMBER = /^[A-Za-z]{2,6}-[0-9]{1,4}(-[0-9]*)?$/;
/** Sorts after every text that begins with what stands before it. */
const LAST = "\u{10FFFF}";

const numberMatcher = (q: string): Matcher => {
  const range = [q.toUpperCase(), q.toUpperCase() + LAST];
  return {
    condition: "t.ticket_id >= ? AND t.ticket_id < ?",
    params: range,
    ids: "SELECT id FROM tickets WHERE ticket_id >= ? AND ticket_id < ?",
    idParams: range,
  };
};

function wordMatcher(word: string, machineIds: number[]): Matcher {
  const range = [word, word + LAST];
  const machines = JSON.stringify(machineIds);
  return {
    condition: "(instr(t.search_text, ?) > 0 OR t.machine_id IN (SELECT value FROM json_each(?)))",
    params: [` ${word}`, machines],
    ids: `SELECT id FROM (SELECT ticket_id AS id FROM ticket_terms WHERE term >= ? AND term < ? LIMIT ${CANDIDATES})
          UNION ALL
          SELECT id FROM (SELECT m.id FROM tickets m INDEXED BY tickets_machine
                          WHERE m.deleted_at IS NULL AND m.machine_id IN (SELECT value FROM json_each(?)) LIMIT ${CANDIDATES})`,
    idParams: [...range, machines],
  };
}

/** Which of these look like the beginning of a ticket's number and are: `VF-2` looks like one, and is a machine. */
async function knownNumbers(ctx: Context, parts: string[]): Promise<string[]> {
  const likely = parts.filter((part) => NUMBER.test(part));
  if (likely.length === 0) return [];
  const { results } = await ctx.env.DB.prepare(
    `SELECT value AS part FROM json_each(?) WHERE EXISTS
       (SELECT 1 FROM tickets WHERE ticket_id >= upper(value) AND ticket_id < upper(value) || ?)`,
  )
    .bind(JSON.stringify(likely), LAST)
    .all<{ part: string }>();
  return results.map(({ part }) => part);
}

async function matchers(ctx: Context, q: string): Promise<Matcher[]> {
  const parts = q.split(/\s+/);
  const numbers = (await knownNumbers(ctx, parts)).slice(0, WORDS);
  const searched = words(...parts.filter((part) => !numbers.includes(part))).slice(0, WORDS - numbers.length);
  if (searched.length === 0) return numbers.map(numberMatcher);
  const found = await ctx.env.DB.batch<{ id: number }>(
    searched.map((word) =>
      ctx.env.DB.prepare(`SELECT id FROM machines WHERE instr(search_text, ?) > 0 LIMIT ${MACHINES}`).bind(` ${word}`),
    ),
  );
  return [
    ...numbers.map(numberMatcher),
    ...searched.map((word, index) => wordMatcher(word, found[index]?.results.map((row) => row.id) ?? [])),
  ];
}

/**
 * What `q` asks of a ticket: every part begins its number, or a word of its number, title, description or machine. The
 * rarest word decides how it is found, so that a search costs the same however many tickets there are.
 *
 * @returns null when `q` holds no word at all: nothing matches.
 */
export async function search(ctx: Context, q: string): Promise<Search | null> {
  const all = await matchers(ctx, q);
  if (all.length === 0) return null;
  const results = await ctx.env.DB.batch<{ id: number }>(
    all.map((matcher) => ctx.env.DB.prepare(`${matcher.ids} LIMIT ${CANDIDATES}`).bind(...matcher.idParams)),
  );
  let rarest: number[] | null = null;
  for (const { results: rows } of results) {
    if (rows.length < CANDIDATES && (rarest === null || rows.length < rarest.length))
      rarest = rows.map((row) => row.id);
  }
  return {
    conditions: all.map((matcher) => matcher.condition),
    params: all.flatMap((matcher) => matcher.params),
    candidates: rarest && [...new Set(rarest)],
  };
}

import type { Context } from "../context.ts";
import { words } from "../search/words.ts";

/** A word with fewer hits than this is looked up; with more, it is tested along the list's own order. */
const CANDIDATES = 1000;
/** Words that are looked for, and parts that may be numbers: with a query each they stay within those of one invocation. */
const WORDS = 12;

/** Something that a ticket must match: as a condition over `t`, and as a SELECT of the ids that meet it. */
interface Matcher {
  condition: string;
  params: (string | number)[];
  ids: string;
  idParams: (string | number)[];
}

/** A matcher with the first ids that meet it; null: they were not looked up. */
interface Found extends Matcher {
  hits: number[] | null;
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

/** The machines that have a word. Not limited: a ticket is found by its machine, however many machines match. */
const MACHINES = "SELECT id FROM machines WHERE instr(search_text, ?) > 0";

function wordMatcher(word: string): Matcher {
  const beginning = ` ${word}`;
  return {
    condition: `(instr(t.search_text, ?) > 0 OR t.machine_id IN (${MACHINES}))`,
    params: [beginning, beginning],
    ids: `SELECT id FROM (SELECT ticket_id AS id FROM ticket_terms WHERE term >= ? AND term < ? LIMIT ${CANDIDATES})
          UNION ALL
          SELECT id FROM (SELECT m.id FROM tickets m INDEXED BY tickets_machine
                          WHERE m.deleted_at IS NULL AND m.machine_id IN (${MACHINES}) LIMIT ${CANDIDATES})`,
    idParams: [word, word + LAST, beginning],
  };
}

/**
 * The parts of `q` as they are to be matched: what begins a ticket's number counts as one, if there is such a ticket;
 * `VF-2` looks like one, and is a machine.
 */
async function matchers(ctx: Context, q: string): Promise<Found[]> {
  const parts = q.split(/\s+/);
  const likely = [...new Set(parts.filter((part) => NUMBER.test(part)))].slice(0, WORDS);
  // Either reading is looked up at once; which one holds is known when the answers are here.
  const looked = words(...parts).slice(0, WORDS);
  const tried = [...likely.map(numberMatcher), ...looked.map(wordMatcher)];
  if (tried.length === 0) return [];
  const results = await ctx.env.DB.batch<{ id: number }>(
    tried.map((matcher) => ctx.env.DB.prepare(`${matcher.ids} LIMIT ${CANDIDATES}`).bind(...matcher.idParams)),
  );
  const found = tried.map((matcher, index) => ({
    ...matcher,
    hits: results[index]?.results.map((row) => row.id) ?? [],
  }));
  const numbers = likely.filter((_, index) => found[index]?.hits.length);
  const searched = words(...parts.filter((part) => !numbers.includes(part))).slice(0, WORDS - numbers.length);
  return [
    ...numbers.map((part) => found[likely.indexOf(part)] as Found),
    ...searched.map((word) => {
      const index = looked.indexOf(word);
      return index === -1 ? { ...wordMatcher(word), hits: null } : (found[likely.length + index] as Found);
    }),
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
  let rarest: number[] | null = null;
  for (const { hits } of all) {
    if (hits && hits.length < CANDIDATES && (rarest === null || hits.length < rarest.length)) rarest = hits;
  }
  return {
    conditions: all.map((matcher) => matcher.condition),
    params: all.flatMap((matcher) => matcher.params),
    candidates: rarest && [...new Set(rarest)],
  };
}

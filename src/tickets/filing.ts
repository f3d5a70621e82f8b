import { isUniqueViolation } from "../db/errors.ts";

/** How large the pieces are. */
export interface Sizes {
  /** Tickets, and edits of filed ones, that are worth a block; fewer are read by each search. */
  block: number;
  /** Tickets, and edits, that one block takes at most, so that filing it never holds the database for long. */
  largest: number;
  /** So many blocks of a level become one of the next. */
  merged: number;
  /** Characters of a leaf, by the level of its block: more in small blocks, which are soon merged, for fewer rows are written so. */
  leaf: readonly [number, number, number];
}

export const SIZES: Sizes = { block: 256, largest: 2048, merged: 8, leaf: [32_000, 16_000, 8_000] };
/** Blocks that one run files. */
const BLOCKS_PER_RUN = 2;
export const TICKETS_PER_RUN = BLOCKS_PER_RUN * SIZES.largest;
/** Beginnings of words up to this length have entries of their own: as words they would be spread over many leaves. */
export const SHORT = 3;

/** What filing needs of a context. */
interface Context {
  env: { DB: Pick<D1Database, "prepare" | "batch"> };
}

/**
 * SQL that writes the leaves of a block: entries `;word=list` in order of their words, as many in a leaf as fit.
 *
 * @param postings what makes `posting (word, list)`, as parts of a WITH.
 * @param characters of a leaf.
 */
const insertLeaves = (postings: string, characters: number): string => `
  WITH ${postings},
  placed AS (
    SELECT word, list,
           SUM(length(word) + length(list) + 2) OVER (ORDER BY word ROWS UNBOUNDED PRECEDING) / ${characters} AS leaf
    FROM posting)
  INSERT INTO search_leaves (block_id, first_word, entries)
  SELECT ?1, MIN(word), group_concat(';' || word || '=' || list, '' ORDER BY word) FROM placed GROUP BY leaf`;

// Words are letters and digits: a text of them becomes JSON by replacing the spaces. Beside them stand what words begin with
// (`br*`), code and month of the number (`-cnc`, `@1126`) and the machine (`#12`). A list is `slot:mask,…`, a bit of the mask
// for each of the 32 tickets of a slot.
const FILED = `
  filed AS MATERIALIZED (
    SELECT id, ticket_id, instr(ticket_id, '-') AS dash, machine_id, search_text FROM tickets
    WHERE deleted_at IS NULL AND id IN (
      SELECT id FROM tickets WHERE id > ?2 AND id <= ?3 UNION SELECT ticket_id FROM search_edits WHERE id <= ?4)),
  found AS MATERIALIZED (
    SELECT filed.id, w.value AS word
    FROM filed, json_each('["' || replace(trim(filed.search_text), ' ', '","') || '"]') w
    UNION ALL SELECT id, substr(ticket_id, dash + 6) FROM filed),
  kept AS (
    SELECT word, id FROM found
    UNION SELECT substr(found.word, 1, n.value) || '*', found.id FROM found, json_each('[1,2,3]') n
    UNION SELECT '-' || lower(substr(ticket_id, 1, dash - 1)), id FROM filed
    UNION SELECT '@' || substr(ticket_id, dash + 1, 4), id FROM filed
    UNION SELECT '#' || machine_id, id FROM filed),
  slot AS (SELECT word, id >> 5 AS slot, SUM(1 << (id & 31)) AS mask FROM kept GROUP BY word, id >> 5),
  posting AS MATERIALIZED (SELECT word, group_concat(slot || ':' || mask) AS list FROM slot GROUP BY word)`;

// What one ticket has in two lists, filed and edited, is read as one.
const MERGE = `
  entry AS (
    SELECT l.block_id, substr(e.value, 1, instr(e.value, '=') - 1) AS word, substr(e.value, instr(e.value, '=') + 1) AS list
    FROM search_leaves l, json_each('["' || replace(substr(l.entries, 2), ';', '","') || '"]') e
    WHERE l.block_id IN (SELECT value FROM json_each(?2))),
  posting AS MATERIALIZED (SELECT word, group_concat(list, ',' ORDER BY block_id) AS list FROM entry GROUP BY word)`;

/** SQL for the id up to which every ticket is filed: the newest block knows. */
export const FILED_UP_TO = "coalesce((SELECT up_to FROM search_blocks ORDER BY id DESC LIMIT 1), 0)";

const INSERT_BLOCK = `INSERT INTO search_blocks (id, level, up_to) SELECT ?, ?, MAX(?, ${FILED_UP_TO})`;

/** Notes that the texts of a filed ticket change: until it is filed anew, each search reads the ticket itself. */
export const noteEdit = (ctx: Context, ticketId: number): D1PreparedStatement =>
  ctx.env.DB.prepare(`INSERT INTO search_edits (ticket_id) SELECT ?1 WHERE ?1 <= ${FILED_UP_TO}`).bind(ticketId);

interface Waiting {
  newest_block: number;
  filed_up_to: number;
  newest_ticket: number;
  first_edit: number;
  last_edit: number;
}

/** What waits to be filed: a row for each of the four ends, whatever lies between. */
const WAITING = `
  SELECT coalesce((SELECT MAX(id) FROM search_blocks), 0) AS newest_block, ${FILED_UP_TO} AS filed_up_to,
         coalesce((SELECT MAX(id) FROM tickets), 0) AS newest_ticket,
         coalesce((SELECT MIN(id) FROM search_edits), 1) AS first_edit,
         coalesce((SELECT MAX(id) FROM search_edits), 0) AS last_edit`;

/** Files one block. @returns its id, or null when too little waits for one. */
async function fileBlock(ctx: Context, sizes: Sizes): Promise<number | null> {
  const { DB } = ctx.env;
  const waiting = await DB.prepare(WAITING).first<Waiting>();
  if (!waiting) return null;
  const { newest_block, filed_up_to, newest_ticket, first_edit, last_edit } = waiting;
  const from = Math.min(filed_up_to, newest_ticket);
  if (newest_ticket - from + last_edit - first_edit + 1 < sizes.block) return null;
  const id = newest_block + 1;
  const upTo = Math.min(newest_ticket, from + sizes.largest);
  const edits = Math.min(last_edit, first_edit + sizes.largest - 1);
  const level = upTo - from + edits - first_edit + 1 > sizes.largest / 2 ? 1 : 0;
  await DB.batch([
    DB.prepare(INSERT_BLOCK).bind(id, level, upTo),
    DB.prepare(insertLeaves(FILED, sizes.leaf[level])).bind(id, from, upTo, edits),
    DB.prepare("DELETE FROM search_edits WHERE id <= ?").bind(edits),
  ]);
  return id;
}

/** Makes one block of the oldest ones of each level that has enough of them. @param newest the id of the newest block. */
async function mergeBlocks(ctx: Context, newest: number, sizes: Sizes): Promise<void> {
  const { DB } = ctx.env;
  let id = newest;
  for (const level of [0, 1] as const) {
    const { results } = await DB.prepare("SELECT id FROM search_blocks WHERE level = ? ORDER BY id LIMIT ?")
      .bind(level, sizes.merged)
      .all<{ id: number }>();
    if (results.length < sizes.merged) continue;
    const merged = JSON.stringify(results.map((row) => row.id));
    await DB.batch([
      DB.prepare(INSERT_BLOCK).bind(++id, level + 1, 0),
      DB.prepare(insertLeaves(MERGE, sizes.leaf[level === 0 ? 1 : 2])).bind(id, merged),
      DB.prepare("DELETE FROM search_leaves WHERE block_id IN (SELECT value FROM json_each(?))").bind(merged),
      DB.prepare("DELETE FROM search_blocks WHERE id IN (SELECT value FROM json_each(?))").bind(merged),
    ]);
  }
}

/**
 * Files the words of new and of edited tickets, in blocks of many, and merges small blocks into larger ones
 * (docs/search.md). Each step is one batch, which the id of its block lets happen once: of two runs at a time one gives way.
 */
export async function fileWords(ctx: Context, sizes = SIZES): Promise<void> {
  try {
    let newest: number | null = null;
    for (let block = 0; block < BLOCKS_PER_RUN; block++) {
      const filed = await fileBlock(ctx, sizes);
      if (filed === null) break;
      newest = filed;
    }
    if (newest !== null) await mergeBlocks(ctx, newest, sizes);
  } catch (error) {
    if (!isUniqueViolation(error, "search_blocks.id")) throw error;
  }
}

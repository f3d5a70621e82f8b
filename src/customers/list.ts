import type { Context } from "../context.ts";
import { type BoundedPage, type BoundedRow, type Part, pageOf, selectPage } from "../db/bounded-page.ts";
import { type Fragment, joined } from "../db/fragment.ts";
import { jsonObjectText } from "../db/json.ts";
import { decodeId, encodeCursor } from "../http/cursor.ts";
import { fold, words } from "../search/words.ts";
import { toAddress, toE164 } from "./contact-values.ts";
import { customerColumns } from "./read.ts";
import type { Customer, CustomerListQuery } from "./schemas.ts";

const SEARCH_WORDS = 6;
/** Digits in a row that are looked for anywhere in a number; fewer would find everybody. */
const SEARCH_DIGITS = 3;

/** What `q` asks of a customer. */
interface Wanted {
  /** Over the row `customers`. */
  customer: Fragment;
  /** Over `b`, a row of `customer_blocks`: what holds where one of its customers has all that is asked for. */
  block: Fragment;
}

const any = (fragments: Fragment[]): Fragment => {
  const { sql, params } = joined(" OR ", fragments);
  return { sql: `(${sql})`, params };
};

/** Beginnings of words, digits of a number, or a number or address that was ever theirs. */
function wanted(ctx: Context, q: string): Wanted | null {
  const searched = words(q).slice(0, SEARCH_WORDS);
  if (searched.length === 0) return null;
  const isDigits = new RegExp(`^[0-9]{${SEARCH_DIGITS},}$`);
  const inText = (text: string): Fragment =>
    joined(
      " AND ",
      searched.map((word) => ({ sql: `instr(${text}, ?) > 0`, params: [isDigits.test(word) ? word : ` ${word}`] })),
    );
  const folded = fold(q);
  const digits = folded.replace(/[^0-9]/g, "");
  const isNumber = digits.length >= SEARCH_DIGITS && !/[\p{L}@]/u.test(folded);
  const whole = toAddress(q) ?? toE164(q, ctx.env.DEFAULT_REGION);
  const EVER_THEIRS = "IN (SELECT customer_id FROM contact_methods WHERE value = ?)";
  return {
    customer: any([
      inText("customers.search_text"),
      ...(isNumber
        ? [{ sql: "instr(customers.phone, ?) > 0 OR instr(customers.whatsapp, ?) > 0", params: [digits, digits] }]
        : []),
      ...(whole === null ? [] : [{ sql: `customers.id ${EVER_THEIRS}`, params: [whole] }]),
    ]),
    block: any([
      inText("b.words"),
      ...(isNumber ? [{ sql: "instr(b.words, ?) > 0", params: [digits] }] : []),
      ...(whole === null
        ? []
        : [{ sql: `b.block ${EVER_THEIRS.replace("customer_id", "customer_id / 256")}`, params: [whole] }]),
    ]),
  };
}

const DOCUMENT = jsonObjectText(customerColumns);
const plain = (sql: string): Fragment => ({ sql, params: [] });

/**
 * A page of customers, newest first (contract section 1: it may hold fewer than asked for, and yet have a next one).
 * Erased ones are in no list. With `q`, customers are looked at where their block of ids says that one may match.
 *
 * @throws AppError `invalid_cursor`.
 */
export async function listCustomers(ctx: Context, query: CustomerListQuery) {
  const before = decodeId("customers", query.cursor);
  const asked = query.q === undefined ? undefined : wanted(ctx, query.q);
  if (asked === null) return { customers: [], next_cursor: null };
  const isArchived = query.archived === "true";
  const tests = [plain(`customers.archived_at IS ${isArchived ? "NOT " : ""}NULL AND customers.erased_at IS NULL`)];
  const scan: Part = asked
    ? {
        from: plain(`customer_blocks b CROSS JOIN customers NOT INDEXED
                     ON customers.id >= b.block * 256 AND customers.id < b.block * 256 + 256`),
        conditions: [asked.block],
      }
    : isArchived
      ? {
          from: plain("customers INDEXED BY customers_archived"),
          conditions: [plain("customers.archived_at IS NOT NULL")],
        }
      : { from: plain("customers NOT INDEXED"), conditions: [] };
  const list: BoundedPage = {
    id: "customers.id",
    key: asked ? ["b.block", "customers.id"] : ["customers.id"],
    direction: "DESC",
    scans: [scan],
    tests: asked ? [...tests, asked.customer] : tests,
    small: [],
    filters: [],
    after: before === null ? null : asked ? [Math.floor(before / 256), before] : [before],
    limit: query.limit,
    document: DOCUMENT,
    join: "customers ON customers.id = p.id",
  };
  const { results } = await selectPage(ctx.env.DB, list).all<BoundedRow>();
  const { documents, place } = pageOf(list, results);
  return {
    customers: documents.map((document) => JSON.parse(document) as Customer),
    next_cursor: place && encodeCursor("customers", place.slice(-1)),
  };
}

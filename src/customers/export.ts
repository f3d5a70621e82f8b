import { and, asc, eq, gt } from "drizzle-orm";
import { z } from "zod";
import type { Context } from "../context.ts";
import { contact_history, customers, tickets } from "../db/schema.ts";
import { selectEmails } from "../emails/personal-data.ts";
import { decodeCursor, encodeCursor } from "../http/cursor.ts";
import { AppError } from "../problem.ts";
import { MethodPlace, methodPlace, selectMethods } from "./contacts.ts";
import { historyColumns } from "./history.ts";
import { DEFAULT_PREFERENCES, selectPreferences } from "./preferences.ts";
import { customerColumns } from "./read.ts";

const Id = z.int().nonnegative();
/** How far each list of an export has been read: contact methods, history, e-mails, tickets. */
const Places = z.tuple([MethodPlace.nullable(), Id, Id, Id]);

/**
 * What is held about a person, as it stood at one moment; the tickets that name them too, deleted ones included. At most
 * `limit` entries of each list are on a page; the pages of the longest list hold what the others have left.
 *
 * @throws AppError `customer_unknown`, `invalid_cursor`.
 */
export async function exportCustomer(ctx: Context, id: number, { limit, cursor }: { limit: number; cursor?: string }) {
  const [method, entry, email, ticket] = decodeCursor("customer_export", cursor, Places) ?? [null, 0, 0, 0];
  const count = limit + 1;
  const [[customer], methods, [preferences], history, mails, theirs] = await ctx.db.batch([
    ctx.db.select(customerColumns).from(customers).where(eq(customers.id, id)),
    selectMethods(ctx, id, method, count),
    selectPreferences(ctx, id),
    ctx.db
      .select(historyColumns)
      .from(contact_history)
      .where(and(eq(contact_history.customer_id, id), gt(contact_history.id, entry)))
      .orderBy(asc(contact_history.id))
      .limit(count),
    selectEmails(ctx, id, email, count),
    ctx.db
      .select({ id: tickets.id, ticket_id: tickets.ticket_id, title: tickets.title, created_at: tickets.created_at })
      .from(tickets)
      .where(and(eq(tickets.customer_id, id), gt(tickets.id, ticket)))
      .orderBy(asc(tickets.id))
      .limit(count),
  ]);
  if (!customer) throw new AppError("customer_unknown");
  const lists = [methods, history, mails, theirs];
  const last = <Row>(rows: Row[]): Row | undefined => rows.slice(0, limit).at(-1);
  const lastMethod = last(methods);
  const places = [
    lastMethod ? methodPlace(lastMethod) : method,
    last(history)?.id ?? entry,
    last(mails)?.id ?? email,
    last(theirs)?.id ?? ticket,
  ] satisfies z.output<typeof Places>;
  const withoutId = <Row extends { id: number }>({ id: _, ...row }: Row) => row;
  return {
    customer,
    contact_methods: methods.slice(0, limit),
    contact_preferences: preferences ?? DEFAULT_PREFERENCES,
    contact_history: history.slice(0, limit),
    emails: mails.slice(0, limit).map(withoutId),
    tickets: theirs.slice(0, limit).map(withoutId),
    next_cursor: lists.some((rows) => rows.length > limit) ? encodeCursor("customer_export", places) : null,
  };
}

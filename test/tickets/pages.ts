import { expect } from "vitest";
import { Ticket, TicketListOutput } from "../../src/tickets/schemas.ts";
import { ORIGIN, type Person } from "../helpers.ts";
import type { Desk } from "./desk.ts";

const Page = TicketListOutput.extend({ tickets: Ticket.strict().array() }).strict();

/** One page of a list of tickets, checked against the published schema. */
export async function pageOf(desk: Desk, reader: Person, path: string) {
  const response = await desk.get(reader, path);
  expect({ path, status: response.status }).toEqual({ path, status: 200 });
  const { tickets, next_cursor } = Page.parse(await response.json());
  return { tickets, next_cursor, link: response.headers.get("link") };
}

/** The ids of one page. */
export const idsOf = async (desk: Desk, reader: Person, path: string): Promise<number[]> =>
  (await pageOf(desk, reader, path)).tickets.map(({ id }) => id);

/**
 * Follows the `Link` headers of a list to its end; each names the same list and the cursor of the body.
 *
 * @param between runs before each page but the first.
 * @returns the ids of all pages.
 */
export async function walk(
  desk: Desk,
  reader: Person,
  path: string,
  limit: number,
  between: (page: number) => Promise<unknown> = async () => {},
): Promise<number[]> {
  const ids: number[] = [];
  const start = new URL(path, ORIGIN);
  start.searchParams.set("limit", String(limit));
  let next: string | null = start.pathname + start.search;
  for (let count = 1; next; count++) {
    const { tickets, next_cursor, link } = await pageOf(desk, reader, next);
    ids.push(...tickets.map(({ id }) => id));
    if (next_cursor === null) {
      expect(link).toBeNull();
      return ids;
    }
    expect(tickets).toHaveLength(limit);
    const target = new URL(/^<(.+)>; rel="next"$/.exec(link ?? "")?.[1] ?? "");
    const expected = new URL(start);
    expected.searchParams.set("cursor", next_cursor);
    expect(target.href).toBe(expected.href);
    next = target.pathname + target.search;
    await between(count);
  }
  return ids;
}

import { expect } from "vitest";
import { Stats } from "../../src/stats/schemas.ts";
import type { Person } from "../helpers.ts";
import type { Desk } from "../tickets/desk.ts";

/** The figures of a period, every member checked against the published schema and no other allowed. */
export async function figures(desk: Desk, sender: Person, query: Record<string, string | number> = {}): Promise<Stats> {
  const parameters = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
  const response = await desk.get(sender, `/api/stats?${parameters}`);
  const body = (await response.json()) as { stats?: unknown };
  expect({ status: response.status, body }).toMatchObject({ status: 200, body: { stats: {} } });
  return Stats.strict().parse(body.stats);
}

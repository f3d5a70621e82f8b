import { expect } from "vitest";
import { ImportReport } from "../../src/tickets/csv/schemas.ts";
import { type App, type Person, queryAll } from "../helpers.ts";

export const postCsv = (
  app: App,
  sender: Person | null,
  body: BodyInit,
  options: { query?: string; type?: string } = {},
): Promise<Response> =>
  app.request(`/api/tickets/import${options.query ?? ""}`, {
    method: "POST",
    headers: {
      "content-type": options.type ?? "text/csv",
      ...(sender && { authorization: `Bearer ${sender.token}` }),
    },
    body,
  });

/** The report of a 200 answer, every member checked against the published schema. */
export async function reported(response: Response): Promise<ImportReport> {
  const text = await response.text();
  expect({ status: response.status, text }).toEqual({ status: 200, text: expect.stringContaining('"dry_run"') });
  return ImportReport.strict().parse(JSON.parse(text));
}

/** A report in short: `line status ticket_id paths`. */
export const brief = (report: ImportReport): string[] =>
  report.lines.map(({ line, status, ticket_id, errors }) =>
    [line, status, ticket_id ?? "-", ...errors.map(({ path }) => path || "line")].join(" "),
  );

/** Whether a batch writes a chunk of a file. */
export const isChunk = (batch: D1PreparedStatement[]): boolean =>
  batch.some((statement) => /^\s*INSERT INTO tickets\b/.test(String(Reflect.get(statement, "statement"))));

export const lastNumber = async (code: string, month: string): Promise<number | undefined> =>
  (
    await queryAll<{ last_number: number }>(
      "SELECT last_number FROM ticket_counters WHERE code = ? AND month = ?",
      code,
      month,
    )
  )[0]?.last_number;

export async function expectCode(response: Response, status: number, code: string): Promise<{ detail: string }> {
  const body = (await response.json()) as { code: string; detail: string };
  expect({ status: response.status, code: body.code }).toEqual({ status, code });
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  return body;
}

import { DEMO_PASSWORD, demoDataSql } from "../../scripts/lib/demo-data.ts";
import { crashableWorker } from "../project/crash-worker.ts";
import { startNetwork } from "./proxy.ts";

export { DEMO_PASSWORD };
export const EMAILS = {
  operator: "operator@shopfloor.example",
  technician: "technician@shopfloor.example",
  supervisor: "supervisor@shopfloor.example",
  admin: "admin@shopfloor.example",
} as const;
export type Role = keyof typeof EMAILS;

/** The ids of the demo people, in the order in which they are added. */
export const IDS = { admin: 1, supervisor: 2, technician: 3, operator: 4 } as const;

/**
 * The Worker as `npm start` runs it, with the demo data in a database of its own, behind a network that can fail.
 *
 * @param assets the folder of files that it serves; the app as it stands in src/web unless told.
 */
export async function openShop(assets?: string) {
  const worker = await crashableWorker({}, assets);
  for (const statement of await demoDataSql()) worker.sql(statement);
  await worker.start();
  const network = await startNetwork(Number(new URL(worker.origin).port));
  const tokens = new Map<Role, string>();

  /** Asks the API past the network that the browser uses, as one of the demo people. */
  async function api<Answer>(as: Role, method: string, path: string, body?: unknown): Promise<Answer> {
    const headers: Record<string, string> = { authorization: `Bearer ${await token(as)}` };
    if (body !== undefined && !(body instanceof FormData)) headers["content-type"] = "application/json";
    const response = await fetch(`${worker.origin}${path}`, {
      method,
      headers,
      ...(body !== undefined && { body: body instanceof FormData ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return (text === "" ? null : JSON.parse(text)) as Answer;
  }

  async function token(as: Role): Promise<string> {
    const known = tokens.get(as);
    if (known) return known;
    const response = await fetch(`${worker.origin}/api/auth/sign-in/email`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email: EMAILS[as], password: DEMO_PASSWORD }),
    });
    const { token } = (await response.json()) as { token: string };
    tokens.set(as, token);
    return token;
  }

  return {
    origin: network.origin,
    network,
    worker,
    api,
    /** Reports a problem, and answers with its number. */
    async report(as: Role, ticket: { title: string; machine_id: number; [field: string]: unknown }): Promise<string> {
      const answer = await api<{ ticket: { ticket_id: string } }>(as, "POST", "/api/tickets", ticket);
      return answer.ticket.ticket_id;
    },
    async close(): Promise<void> {
      network.close();
      await worker.dispose();
    },
  };
}

export type Shop = Awaited<ReturnType<typeof openShop>>;

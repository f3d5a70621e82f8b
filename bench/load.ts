import { randomUUID } from "node:crypto";
import { type CaseName, DATASET_HEADER, PATHS, type TicketBody } from "./cases.ts";
import { Connection, type RawAnswer } from "./connection.ts";
import type { Created } from "./data.ts";
import { writtenTickets } from "./fill.ts";
import type { Stage } from "./server.ts";

/** What is sent, in turn: enough different texts that no cache of pages has them all. */
const BODIES = Array.from(writtenTickets(1000, 2), ({ title, description }) => {
  const body: TicketBody = { title, description, priority: "high", machine_id: 1, assigned_to: 2 };
  // One character for each byte of UTF-8, as the connection writes them.
  return Buffer.from(JSON.stringify(body)).toString("latin1");
});
let sent = 0;

function requestText(url: URL, stage: Stage, name: CaseName, key: string): string {
  const body = BODIES[sent++ % BODIES.length] ?? "";
  return [
    `POST ${PATHS[name]} HTTP/1.1`,
    `Host: ${url.host}`,
    "Content-Type: application/json",
    `Content-Length: ${body.length}`,
    `Authorization: Bearer ${stage.token}`,
    `Idempotency-Key: ${key}`,
    `${DATASET_HEADER}: ${stage.dataset}`,
    "",
    body,
  ].join("\r\n");
}

/** What one stretch of load gave. */
export interface Slice {
  /** 201 answers per second within the slice's time. */
  perSecond: number;
  /** Time to the answer of each creation that succeeded, in ms. */
  latenciesMs: number[];
  /** Answers other than 201, by status; `lost` counts requests whose connection ended without an answer. */
  failures: Record<string, number>;
  /** From the `Location` of each 201, where there is one. */
  created: Created;
}

const numberIn = (answer: RawAnswer): number | null => {
  const digits = /^location: .*-(\d+)$/im.exec(answer.head)?.[1];
  return digits === undefined ? null : Number(digits);
};

/**
 * Keeps `clients` connections busy for `durationMs`, each sending its next request when it has its answer.
 * What is under way at the end is waited for and counted, but not in `perSecond`.
 */
export async function load(
  url: URL,
  stage: Stage,
  name: CaseName,
  clients: number,
  durationMs: number,
): Promise<Slice> {
  const slice: Slice = { perSecond: 0, latenciesMs: [], failures: {}, created: { numbers: [], keys: [] } };
  const fail = (reason: string | number) => {
    slice.failures[reason] = (slice.failures[reason] ?? 0) + 1;
  };
  const connections = await Promise.all(Array.from({ length: clients }, () => Connection.open(url)));
  const end = performance.now() + durationMs;
  let inTime = 0;
  const client = async (first: Connection) => {
    let connection = first;
    for (let began = performance.now(); began < end; began = performance.now()) {
      const key = randomUUID();
      const answer = await connection.send(requestText(url, stage, name, key));
      if (answer === null) {
        fail("lost");
        connection = await Connection.open(url);
      } else if (answer.status === 201) {
        const answered = performance.now();
        slice.latenciesMs.push(answered - began);
        if (answered < end) inTime++;
        const number = numberIn(answer);
        if (number !== null) {
          slice.created.numbers.push(number);
          slice.created.keys.push(key);
        }
      } else {
        fail(answer.status);
      }
    }
    connection.close();
  };
  await Promise.all(connections.map(client));
  slice.perSecond = (inTime / durationMs) * 1000;
  return slice;
}

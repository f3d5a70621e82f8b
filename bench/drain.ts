import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { DATASET_HEADER, DRAIN_PATH } from "./cases.ts";
import type { BenchServer } from "./server.ts";

const DUE = 1000;

/** How fast one consumer delivers. */
export interface Drain {
  due: number;
  delivered: number;
  /** Most requests that the receiver had open at once. */
  connections: number;
  perSecond: number;
}

/** Lets DUE webhooks become due at once and delivers them to a receiver on this machine, as the consumer would. */
export async function measureDrain(server: BenchServer): Promise<Drain> {
  const [stage] = server.stages;
  if (!stage) throw new Error("a database is needed");
  let open = 0;
  let connections = 0;
  const receiver = createServer((request, response) => {
    connections = Math.max(connections, ++open);
    request.resume().on("end", () => {
      open--;
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const { port } = receiver.address() as AddressInfo;
  await stage.db.batch([
    stage.db.prepare("UPDATE webhook_endpoints SET url = ?").bind(`http://127.0.0.1:${port}/hook`),
    stage.db.prepare(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${DUE})
       INSERT INTO deliveries (channel, target, subject, event_type, payload, next_attempt_at, created_at, updated_at)
       SELECT 'webhook', 'webhook:1', 'bench:' || i, 'ticket.created',
              json_object('type', 'ticket.created', 'timestamp', '2020', 'data', json_object()), '2020', '2020', '2020' FROM n`,
    ),
  ]);
  const { results } = await stage.db.prepare("SELECT id FROM deliveries WHERE subject LIKE 'bench:%'").all();
  const ids = results.map(({ id }) => id);
  const started = performance.now();
  const response = await fetch(new URL(DRAIN_PATH, server.url), {
    method: "POST",
    headers: { [DATASET_HEADER]: stage.dataset, "content-type": "application/json" },
    body: JSON.stringify({ ids }),
  });
  await response.text();
  const seconds = (performance.now() - started) / 1000;
  const delivered = await stage.db
    .prepare("SELECT COUNT(*) AS n FROM deliveries WHERE subject LIKE 'bench:%' AND status = 'completed'")
    .first<number>("n");
  receiver.close();
  return { due: DUE, delivered: delivered ?? 0, connections, perSecond: DUE / seconds };
}

export const describeDrain = ({ due, delivered, connections, perSecond }: Drain): string =>
  `${due} deliveries due at once: ${delivered} delivered by one consumer, ${perSecond.toFixed(0)} a second, ` +
  `at most ${connections} connections`;

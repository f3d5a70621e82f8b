import { Hono } from "hono";
import { senders } from "../src/channels.ts";
import { createContext } from "../src/context.ts";
import { claim, dispatch } from "../src/deliveries/dispatch.ts";
import { IDS_PER_MESSAGE } from "../src/deliveries/outbox.ts";
import type { Bindings } from "../src/env.ts";
import worker from "../src/index.ts";
import { keepDays } from "../src/stats/kept-days.ts";
import { computeStats } from "../src/stats/stats.ts";
import { enqueueSync } from "../src/sync/enqueue.ts";
import { realWorld } from "../src/world.ts";
import {
  DATASET_HEADER,
  DRAIN_PATH,
  FIGURES_PATHS,
  JOB_PATHS,
  JOBS_PER_REQUEST,
  PATHS,
  type TicketBody,
} from "./cases.ts";
import { createBySeed } from "./seed-algorithm.ts";

/** The Worker's own bindings, and the second data set's database. */
export interface BenchBindings extends Bindings {
  DB_FULL: D1Database;
  TIME_ZONE: string;
}

const bench = new Hono<{ Bindings: BenchBindings }>()
  .post(PATHS.seed, async (c) => {
    const ticket = await createBySeed(c.env.DB, c.env.TIME_ZONE, await c.req.json<TicketBody>());
    return ticket ? c.json({ ticket }, 201) : c.json({ error: "machine" }, 404);
  })
  .post(PATHS.bare, async (c) => {
    const body = await c.req.json<TicketBody>();
    const { meta } = await c.env.DB.prepare(
      "INSERT INTO bare_rows (title, description, priority, machine_id, created_at) VALUES (?, ?, ?, ?, ?)",
    )
      .bind(body.title, body.description, body.priority, body.machine_id, new Date().toISOString())
      .run();
    return c.json({ id: meta.last_row_id }, 201);
  })
  // As the queue's consumer does it, one message after another.
  .post(DRAIN_PATH, async (c) => {
    const ctx = createContext(c.env, realWorld, {});
    const { results } = await c.env.DB.prepare("SELECT id FROM deliveries WHERE status = 'pending'").all<{
      id: number;
    }>();
    const ids = results.map((row) => row.id);
    for (let start = 0; start < ids.length; start += IDS_PER_MESSAGE) {
      await dispatch(ctx, ids.slice(start, start + IDS_PER_MESSAGE), senders);
    }
    return c.json({ due: ids.length }, 200);
  })
  .post(JOB_PATHS.enqueue, async (c) => {
    const ctx = createContext(c.env, realWorld, {});
    for (let i = 0; i < JOBS_PER_REQUEST; i++) {
      const id = 1 + Math.floor(Math.random() * JOBS_PER_REQUEST * 20);
      await c.env.DB.batch([enqueueSync(ctx, "customers c WHERE c.id = ?", [id])]);
    }
    return c.json({ enqueued: JOBS_PER_REQUEST }, 200);
  })
  .post(JOB_PATHS.claim, async (c) => {
    const ctx = createContext(c.env, realWorld, {});
    const { results } = await c.env.DB.prepare(
      "SELECT id FROM deliveries WHERE status = 'pending' AND channel = 'stripe' ORDER BY next_attempt_at LIMIT ?",
    )
      .bind(JOBS_PER_REQUEST)
      .all<{ id: number }>();
    let claimed = 0;
    for (const { id } of results) if (await claim(ctx, id, senders)) claimed++;
    // Put back as they were, so that the next round finds as many.
    await c.env.DB.prepare(
      `UPDATE deliveries SET status = 'pending', next_attempt_at = updated_at, attempts = 0, lease_token = NULL,
              lease_until = NULL, claimed_generation = NULL WHERE status = 'processing'`,
    ).run();
    return c.json({ claimed }, claimed === JOBS_PER_REQUEST ? 200 : 500);
  })
  .post(FIGURES_PATHS.keep, async (c) => {
    await keepDays(createContext(c.env, realWorld, {}));
    const row = await c.env.DB.prepare("SELECT COALESCE(SUM(is_stale), 0) AS stale FROM stats_days").first<{
      stale: number;
    }>();
    return c.json({ stale: row?.stale ?? 0 }, 200);
  })
  .post(FIGURES_PATHS.read, async (c) => {
    let rows = 0;
    const DB = new Proxy(c.env.DB, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (name !== "batch") return typeof member === "function" ? (member.bind(target) as unknown) : member;
        return async (statements: D1PreparedStatement[]) => {
          const results = await target.batch(statements);
          for (const { meta } of results) rows += meta.rows_read;
          return results;
        };
      },
    });
    const ctx = createContext({ ...c.env, DB }, realWorld, {});
    await computeStats(ctx, await c.req.json<{ from: string }>());
    return c.json({ rows }, 200);
  })
  .onError((_error, c) => c.json({ error: "internal" }, 500));

// One object per isolate, as the Worker keeps what it has parsed and built per environment object.
let fullEnv: BenchBindings | null = null;

function environment(request: Request, env: BenchBindings): BenchBindings {
  if (request.headers.get(DATASET_HEADER) !== "full") return env;
  fullEnv ??= { ...env, DB: env.DB_FULL };
  return fullEnv;
}

export default {
  fetch: (request, env, execution) => {
    const chosen = environment(request, env);
    return request.url.includes("/bench/")
      ? bench.fetch(request, chosen, execution)
      : worker.fetch(request as Request, chosen, execution);
  },
} satisfies ExportedHandler<BenchBindings>;

import type { z } from "@hono/zod-openapi";
import { Hono } from "hono";
import { createApp } from "../src/app.ts";
import { senders } from "../src/channels.ts";
import { createContext } from "../src/context.ts";
import { runCron } from "../src/cron.ts";
import { claim, dispatch } from "../src/deliveries/dispatch.ts";
import { IDS_PER_MESSAGE } from "../src/deliveries/outbox.ts";
import type { Bindings } from "../src/env.ts";
import { sendJson } from "../src/http/answer.ts";
import { json } from "../src/openapi/answers.ts";
import { defineRoute } from "../src/route.ts";
import { keepDays } from "../src/stats/kept-days.ts";
import { computeStats } from "../src/stats/stats.ts";
import { enqueueSync } from "../src/sync/enqueue.ts";
import { CreateTicketInput, TicketOutput } from "../src/tickets/schemas.ts";
import { monthCode } from "../src/time/month.ts";
import { realWorld } from "../src/world.ts";
import { countedDatabase } from "../test/deliveries/counted-database.ts";
import {
  COUNT_HEADER,
  CRON_PATH,
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
    const { ids } = await c.req.json<{ ids: number[] }>();
    for (let start = 0; start < ids.length; start += IDS_PER_MESSAGE) {
      await dispatch(ctx, ids.slice(start, start + IDS_PER_MESSAGE), senders);
    }
    return c.json({}, 200);
  })
  .post(CRON_PATH, async (c) => {
    await runCron("* * * * *", c.env);
    return c.json({}, 200);
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
    const { database, take } = countedDatabase(c.env.DB);
    const ctx = createContext({ ...c.env, DB: database }, realWorld, {});
    await computeStats(ctx, await c.req.json<{ from: string }>());
    return c.json({ rows: take().rowsRead }, 200);
  })
  .onError((_error, c) => c.json({ error: "internal" }, 500));

const floor = defineRoute({
  method: "post",
  path: PATHS.floor,
  tag: "Tickets",
  operationId: "createAtLeast",
  summary: "Create no more than a numbered ticket",
  description: "What a request costs that is checked as every other one is, and writes as little as it can.",
  permission: "tickets:create",
  body: CreateTicketInput,
  answers: { 201: json(TicketOutput, "Its number") },
});

const app = createApp();
app.openapi(floor, async (c) => {
  const ctx = c.get("actorCtx");
  const { title, description, priority, machine_id, assigned_to } = c.req.valid("json");
  const now = ctx.now();
  const at = now.toISOString();
  const month = monthCode(now, ctx.env.TIME_ZONE);
  const { DB } = ctx.env;
  const [, ticket] = await DB.batch<{ body: string }>([
    DB.prepare(
      `INSERT INTO floor_counters (code, month, last_number) VALUES ('CNC', ?, 1)
       ON CONFLICT (code, month) DO UPDATE SET last_number = last_number + 1`,
    ).bind(month),
    DB.prepare(
      `INSERT INTO floor_tickets (ticket_id, title, description, priority, machine_id, reported_by, reporter_name,
                                  assigned_to, created_at, updated_at)
       SELECT printf('CNC-%s-%04d', month, last_number), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9
       FROM floor_counters WHERE code = 'CNC' AND month = ?1
       RETURNING json_object('ticket', json_object('id', id, 'ticket_id', ticket_id, 'title', title)) AS body`,
    ).bind(month, title, description, priority, machine_id, ctx.actor.id, ctx.actor.name, assigned_to, at),
    DB.prepare(
      `INSERT INTO floor_timeline (ticket_id, user_id, action, new_value, created_at)
       VALUES (last_insert_rowid(), ?, 'created', 'received', ?)`,
    ).bind(ctx.actor.id, at),
  ]);
  return sendJson<z.output<typeof TicketOutput>, 201>(c, 201, ticket?.results[0]?.body ?? "", {});
});

// One object per isolate, as the Worker keeps what it has parsed and built per environment object.
let fullEnv: BenchBindings | null = null;

function environment(request: Request, env: BenchBindings): BenchBindings {
  if (request.headers.get(DATASET_HEADER) !== "full") return env;
  fullEnv ??= { ...env, DB: env.DB_FULL };
  return fullEnv;
}

const answer = (request: Request, env: BenchBindings, execution: ExecutionContext) =>
  request.url.includes("/bench/") ? bench.fetch(request, env, execution) : app.fetch(request, env, execution);

let counted: { of: BenchBindings; env: BenchBindings; take: () => object } | null = null;

/** Answers, with what that has cost the database until all was done that goes on behind the answer. */
async function answerCounted(request: Request, env: BenchBindings, execution: ExecutionContext): Promise<Response> {
  if (counted?.of !== env || request.headers.get(COUNT_HEADER) === "new") {
    const { database, take } = countedDatabase(env.DB);
    counted = { of: env, env: { ...env, DB: database }, take };
  }
  const { env: countedEnv, take } = counted;
  const behind: Promise<unknown>[] = [];
  take();
  const waiting = Object.assign(Object.create(execution), { waitUntil: (work: Promise<unknown>) => behind.push(work) });
  const response = await answer(request, countedEnv, waiting);
  await Promise.allSettled(behind);
  return new Response(response.body, {
    status: response.status,
    headers: { ...Object.fromEntries(response.headers), [COUNT_HEADER]: JSON.stringify(take()) },
  });
}

export default {
  fetch: (request, env, execution) => {
    const chosen = environment(request, env);
    const handle = request.headers.has(COUNT_HEADER) ? answerCounted : answer;
    return handle(request as Request, chosen, execution);
  },
} satisfies ExportedHandler<BenchBindings>;

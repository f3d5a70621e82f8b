import type Stripe from "stripe";
import type { Claim, DeliveryContext, Outcome } from "../deliveries/job.ts";
import { pause, resumeAfterProbe } from "../deliveries/pauses.ts";
import { stripeClient } from "./client.ts";
import type { SyncPayload } from "./enqueue.ts";
import { isMissing, readFailure } from "./failures.ts";
import { type Creation, findCreated, NotKnownYet } from "./find.ts";

/** Stripe keeps idempotency keys for at least 24 hours; after this a key may be on its way out. */
const KEY_LIFE_MS = 23 * 60 * 60_000;
/** Longest `business_name` that Stripe takes, in characters. */
const BUSINESS_NAME_LIMIT = 150;

/** The customer as the row is now, and what is known about the one at Stripe. */
interface Subject {
  is_present: number;
  name: string;
  company: string | null;
  email: string | null;
  phone: string | null;
  language: string | null;
  remote_id: string | null;
  idempotency_key: string | null;
  /** Answers to earlier tries of this generation that Stripe would repeat for their key. */
  answered: number;
  is_probe: number;
}

const ANSWERED = `
  SELECT COUNT(*) FROM delivery_attempts a
  WHERE a.delivery_id = deliveries.id AND a.generation = deliveries.generation
    AND a.http_status >= 400 AND a.http_status NOT IN (401, 409, 429)`;

/** SQL for what a try knows, over the row `deliveries`: a `Subject` and a `Creation` in one object. */
export const SYNC_NEEDS = `
  SELECT json_object('is_present', c.id IS NOT NULL AND c.erased_at IS NULL, 'name', c.name, 'company', c.company,
                     'email', c.email, 'phone', c.phone, 'language', c.language, 'remote_id', l.remote_id,
                     'idempotency_key', s.idempotency_key, 'parameters', s.parameters, 'is_spent', s.is_spent,
                     'first_tried_at', s.first_tried_at, 'last_tried_at', s.last_tried_at, 'answered', (${ANSWERED}),
                     'is_probe', EXISTS (SELECT 1 FROM channel_pauses p
                                         WHERE p.channel = 'stripe' AND p.probe_delivery_id = deliveries.id))
  FROM (SELECT deliveries.payload ->> 'customer_id' AS id) j
  LEFT JOIN customers c ON c.id = j.id
  LEFT JOIN external_links l ON l.kind = 'stripe_customer' AND l.local_id = j.id
  LEFT JOIN stripe_creations s ON s.customer_id = j.id`;

type Parameters = Stripe.CustomerCreateParams & Stripe.CustomerUpdateParams;

/** One delivery at work: everything that its steps need, and the effects they have gathered so far. */
interface Work {
  ctx: DeliveryContext;
  stripe: Stripe;
  job: Claim;
  customerId: number;
  subject: Subject;
  creation: Creation | null;
  /** Written with the outcome, whatever it is: each tells what Stripe has done for certain. */
  effects: D1PreparedStatement[];
}

/** What Stripe is told. An empty text takes a value away, so an update leaves nothing behind. */
function parametersOf({ ctx, subject, customerId }: Work): Parameters {
  return {
    name: subject.name,
    business_name: [...(subject.company ?? "")].slice(0, BUSINESS_NAME_LIMIT).join(""),
    email: subject.email ?? "",
    phone: subject.phone ?? "",
    preferred_locales: [subject.language ?? ctx.env.DEFAULT_LOCALE],
    metadata: { customer_id: String(customerId) },
  };
}

const withoutEmpty = (parameters: Parameters): Parameters =>
  Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== ""));

function link({ ctx, customerId, effects }: Work, remoteId: string): void {
  const { DB } = ctx.env;
  effects.push(
    DB.prepare(
      // Replaces whatever stood in the way: two customers here cannot be one at Stripe.
      `INSERT OR REPLACE INTO external_links (kind, local_id, remote_id, linked_at) VALUES ('stripe_customer', ?, ?, ?)`,
    ).bind(customerId, remoteId, ctx.now().toISOString()),
    DB.prepare("DELETE FROM stripe_creations WHERE customer_id = ?").bind(customerId),
  );
}

function unlink({ ctx, customerId, effects }: Work, remoteId: string): void {
  effects.push(
    ctx.env.DB.prepare(
      "DELETE FROM external_links WHERE kind = 'stripe_customer' AND local_id = ? AND remote_id = ?",
    ).bind(customerId, remoteId),
  );
}

/** Sets every field. One key per generation of the job, and another after an answer that Stripe would only repeat. */
const update = ({ ctx, stripe, job, subject }: Work, remoteId: string, parameters: Parameters) =>
  ctx.connections(() =>
    stripe.customers.update(remoteId, parameters, {
      idempotencyKey: `${remoteId}-${job.wire_id}${subject.answered > 0 ? `-${subject.answered}` : ""}`,
    }),
  );

/**
 * Notes a creation before it is asked for. Null when the lease is lost or another worker has noted one meanwhile: a
 * worker that wakes up late makes no second customer, nor one that was erased.
 */
const note = ({ ctx, job, customerId }: Work, creation: Creation, replaced: string): Promise<Creation | null> =>
  ctx.env.DB.prepare(
    `INSERT INTO stripe_creations (customer_id, idempotency_key, parameters, first_tried_at, last_tried_at)
     SELECT ?1, ?2, ?3, ?4, ?5 FROM deliveries WHERE id = ?7 AND lease_token = ?8 AND status = 'processing'
     ON CONFLICT (customer_id) DO UPDATE SET
       idempotency_key = excluded.idempotency_key, parameters = excluded.parameters, is_spent = 0,
       first_tried_at = excluded.first_tried_at, last_tried_at = excluded.last_tried_at
     WHERE idempotency_key = ?6
     RETURNING idempotency_key, parameters, is_spent, first_tried_at, last_tried_at`,
  )
    .bind(
      customerId,
      creation.idempotency_key,
      creation.parameters,
      creation.first_tried_at,
      creation.last_tried_at,
      replaced,
      job.id,
      job.lease_token,
    )
    .first<Creation>();

/**
 * Makes the customer at Stripe, or finds the one that an earlier try has made.
 *
 * @returns its id, and whether it has all the parameters that are wanted.
 */
async function create(work: Work, wanted: Parameters): Promise<{ id: string; isCurrent: boolean }> {
  const { ctx, stripe, customerId, creation: earlier } = work;
  const now = ctx.now();
  const at = now.toISOString();
  const parameters = JSON.stringify(withoutEmpty(wanted));
  let creation: Creation | null = null;
  if (earlier && earlier.is_spent === 0 && now.getTime() - Date.parse(earlier.first_tried_at) < KEY_LIFE_MS) {
    creation = await note(work, { ...earlier, last_tried_at: at }, earlier.idempotency_key);
  } else {
    const found = earlier && (await ctx.connections(() => findCreated(ctx, stripe, customerId, earlier)));
    if (found) return { id: found.id, isCurrent: false };
    const fresh = { parameters, is_spent: 0, first_tried_at: at, last_tried_at: at };
    const idempotency_key = `customer-${customerId}-${crypto.randomUUID()}`;
    creation = await note(work, { ...fresh, idempotency_key }, earlier?.idempotency_key ?? "");
  }
  if (!creation) throw new NotKnownYet(0);
  const { idempotency_key: idempotencyKey } = creation;
  const first = JSON.parse(creation.parameters) as Parameters;
  try {
    const { id } = await ctx.connections(() => stripe.customers.create(first, { idempotencyKey }));
    return { id, isCurrent: creation.parameters === parameters };
  } catch (error) {
    if (readFailure(error, now)?.spendsKey) {
      work.effects.push(
        ctx.env.DB.prepare(
          "UPDATE stripe_creations SET is_spent = 1 WHERE customer_id = ? AND idempotency_key = ?",
        ).bind(customerId, idempotencyKey),
      );
    }
    throw error;
  }
}

/** Brings the customer at Stripe up to date, or into being. */
async function bringUpToDate(work: Work): Promise<void> {
  const { subject } = work;
  const wanted = parametersOf(work);
  if (subject.remote_id) {
    try {
      await update(work, subject.remote_id, wanted);
      if (work.creation) link(work, subject.remote_id);
      return;
    } catch (error) {
      if (!isMissing(error)) throw error;
      // Somebody deleted it at Stripe. This customer exists, so it gets another.
      unlink(work, subject.remote_id);
      // The key of its creation would only bring the deleted one back.
      if (work.creation) work.creation = { ...work.creation, is_spent: 1 };
    }
  }
  const { id, isCurrent } = await create(work, wanted);
  link(work, id);
  if (!isCurrent) await update(work, id, wanted);
}

/** Removes the customer at Stripe, also one that a try of unknown outcome may have made. */
async function removeThere(work: Work): Promise<void> {
  const { ctx, stripe, customerId, subject, creation } = work;
  const remoteId =
    subject.remote_id ??
    (creation && (await ctx.connections(() => findCreated(ctx, stripe, customerId, creation)))?.id);
  if (remoteId) {
    try {
      await ctx.connections(() => stripe.customers.del(remoteId));
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    unlink(work, remoteId);
  }
  if (creation) {
    work.effects.push(ctx.env.DB.prepare("DELETE FROM stripe_creations WHERE customer_id = ?").bind(customerId));
  }
}

/** Makes one customer at Stripe what the customer is here: created, brought up to date, or gone (contract section 8). */
export async function syncCustomer(ctx: DeliveryContext, job: Claim): Promise<Outcome> {
  const { STRIPE_SECRET_KEY } = ctx.env;
  if (STRIPE_SECRET_KEY === undefined) return { result: "postponed", error: "Stripe is not configured" };
  const { customer_id: customerId } = job.payload as SyncPayload;
  const row = job.found as Subject & Omit<Creation, "idempotency_key">;
  const creation = row.idempotency_key === null ? null : { ...row, idempotency_key: row.idempotency_key };
  const stripe = stripeClient(ctx, STRIPE_SECRET_KEY);
  const work: Work = { ctx, stripe, job, customerId, subject: row, creation, effects: [] };
  const { effects } = work;
  const answered = () => {
    if (row.is_probe === 1) effects.push(resumeAfterProbe(ctx, "stripe", job.id));
  };
  try {
    await (row.is_present === 1 ? bringUpToDate(work) : removeThere(work));
    answered();
    return { result: "delivered", http_status: 200, effects };
  } catch (error) {
    if (error instanceof NotKnownYet) {
      const reason = "the outcome of an earlier try is not known yet";
      return { result: "retry", error: reason, retryAfterSeconds: error.waitSeconds, effects };
    }
    const failure = readFailure(error, ctx.now());
    if (!failure) throw error;
    if (failure.pause) {
      effects.push(...(await pause(ctx, "stripe", failure.pause)));
      ctx.log.error("channel_paused", { channel: "stripe", reason: failure.pause });
    } else if (failure.outcome.http_status != null) answered();
    return { ...failure.outcome, effects };
  }
}

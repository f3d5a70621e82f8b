import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEMO_PASSWORD, demoDataSql } from "../../scripts/lib/demo-data.ts";
import { subscriptionKeys } from "../push/subscription-keys.ts";
import { openReceiver, until } from "../receivers/client.ts";
import type { Received } from "../receivers/protocol.ts";
import { startReceivers } from "../receivers/server.ts";
import { openAccount, type StripeAccount } from "../sync/stripe-account.ts";
import { startStripe } from "../sync/stripe-stand-in.ts";
import { crashableWorker } from "./crash-worker.ts";

// The real Worker dies without warning while tickets leave it. Real processes, real SIGKILL, real receivers.

let worker: Awaited<ReturnType<typeof crashableWorker>>;
let receivers: Awaited<ReturnType<typeof startReceivers>>;
let stripe: Awaited<ReturnType<typeof startStripe>>;
let account: StripeAccount;
let supervisor: string;
let technicianId: number;
const device = subscriptionKeys();

async function signIn(name: string) {
  const email = `${name}@shopfloor.example`;
  const response = await worker.request("/api/auth/sign-in/email", null, { email, password: DEMO_PASSWORD });
  return (await response.json()) as { token: string; user: { id: number } };
}

beforeAll(async () => {
  stripe = await startStripe();
  account = openAccount(stripe.origin);
  const settings = { STRIPE_SECRET_KEY: account.key, STRIPE_API_BASE: stripe.origin };
  [worker, receivers] = await Promise.all([crashableWorker(settings), startReceivers()]);
  for (const statement of await demoDataSql()) worker.sql(statement);
  await worker.start();
  supervisor = (await signIn("supervisor")).token;
}, 90_000);

afterAll(async () => {
  await worker?.dispose();
  await Promise.all([receivers?.close(), stripe?.close()]);
});

const open = () => openReceiver(receivers.origin, { status: 201 });
const eventOf = (received: Received | undefined) =>
  JSON.parse(Buffer.from(received?.body ?? "", "base64").toString()) as {
    id: string;
    data: { ticket: { title: string } };
  };

const createTicket = (title: string) =>
  worker.request(
    "/api/tickets",
    supervisor,
    { title, machine_id: 1, assigned_to: technicianId },
    { "idempotency-key": title.replaceAll(" ", "-") },
  );

/** After this the leases of the dead worker have run out, as three minutes would have done it. */
const letLeasesRunOut = () =>
  worker.sql("UPDATE deliveries SET lease_until = '2020-01-01T00:00:00.000Z' WHERE status = 'processing' RETURNING id");

const openDeliveries = async () => {
  const health = await worker.request("/api/deliveries/health", supervisor);
  const { pending, processing, failed } = (await health.json()) as Record<string, number>;
  return { pending, processing, failed };
};

const delivered = () =>
  until(async () => {
    const { pending, processing } = await openDeliveries();
    return pending === 0 && processing === 0;
  }, 60_000);

let consumer: Awaited<ReturnType<typeof open>>;
let service: Awaited<ReturnType<typeof open>>;

test("killed during one delivery and before others: after restart and one cron run all are delivered", async () => {
  [consumer, service] = await Promise.all([open(), open()]);
  const admin = (await signIn("admin")).token;
  const technician = await signIn("technician");
  technicianId = technician.user.id;
  const webhook = await worker.request("/api/webhooks", admin, { url: consumer.url, events: ["ticket.created"] });
  expect(webhook.status).toBe(201);
  const subscription = { endpoint: service.url, keys: device.keys };
  const subscribed = await worker.request("/api/push/subscriptions", technician.token, { subscription });
  expect(subscribed.status).toBe(201);

  await Promise.all([consumer.script({ hold: true }), service.script({ hold: true })]);
  const titles = ["Spindle vibrates", "Coolant leaks", "Door sticks"];
  for (const title of titles) expect((await createTicket(title)).status).toBe(201);
  const [[hanging], [push]] = await Promise.all([consumer.arrived(), service.arrived()]);
  await worker.kill();
  expect((await consumer.report()).open).toBe(0);

  // The first ticket's deliveries were under way; the others' messages died with the queue, but not their rows.
  expect(worker.sql("SELECT subject, channel, status, attempts FROM deliveries ORDER BY subject, channel")).toEqual(
    [1, 2, 3].flatMap((ticket) =>
      ["push", "webhook"].map((channel) => ({
        subject: `ticket:${ticket}`,
        channel,
        status: ticket === 1 ? "processing" : "pending",
        attempts: ticket === 1 ? 1 : 0,
      })),
    ),
  );
  expect(letLeasesRunOut()).toHaveLength(2);

  await Promise.all([consumer.script({ status: 200 }), service.script({ status: 201 })]);
  await worker.start();
  await worker.cron();
  await delivered();
  expect(await openDeliveries()).toEqual({ pending: 0, processing: 0, failed: 0 });

  const events = (await consumer.requests()).map(eventOf);
  expect(events.map((event) => event.data.ticket.title).sort()).toEqual(titles.toSorted());
  const repeated = events.find((event) => event.data.ticket.title === titles[0]);
  expect(repeated?.id).toBe(eventOf(hanging).id);
  const messages = (await service.requests()).map(
    (received) => JSON.parse(device.decrypt(received)) as { id: string; body: string },
  );
  expect(messages.map((message) => message.body).sort()).toEqual(titles.map((title) => `[MEDIUM] ${title}`).sort());
  expect(messages.map((message) => message.id)).toContain((JSON.parse(device.decrypt(push)) as { id: string }).id);
}, 120_000);

test("killed amid ten creations: what was sent again under its key exists once and is delivered under one id", async () => {
  await Promise.all([consumer.script({ status: 200 }), service.script({ status: 201 })]);
  const titles = Array.from({ length: 10 }, (_, index) => `Alarm ${index}`);
  const creations = titles.map(async (title) => (await createTicket(title)).status);
  await Promise.race(creations);
  await worker.kill();
  await Promise.allSettled(creations);
  letLeasesRunOut();
  await worker.start();
  for (const title of titles) expect((await createTicket(title)).status).toBe(201);
  await worker.cron();
  await delivered();
  expect((await openDeliveries()).failed).toBe(0);

  const ids = new Map<string, Set<string>>();
  for (const { id, data } of (await consumer.requests()).map(eventOf)) {
    ids.set(data.ticket.title, (ids.get(data.ticket.title) ?? new Set()).add(id));
  }
  expect([...ids.keys()].sort()).toEqual(titles);
  expect([...ids.values()].map((same) => same.size)).toEqual(titles.map(() => 1));
  const pushed = (await service.requests()).map(
    (received) => (JSON.parse(device.decrypt(received)) as { body: string }).body,
  );
  expect([...new Set(pushed)].sort()).toEqual(titles.map((title) => `[MEDIUM] ${title}`));
  await worker.kill();
  expect(worker.sql("SELECT title FROM tickets WHERE title LIKE 'Alarm%' ORDER BY title")).toEqual(
    titles.map((title) => ({ title })),
  );
}, 120_000);

describe("e-mails", () => {
  const sendTo = async (recipients: string[]) => {
    const body = {
      recipients: recipients.map((email) => ({ email })),
      subject: "About your machine",
      body: "It runs again.",
    };
    const response = await worker.request("/api/tickets/1/emails", supervisor, body, {
      "idempotency-key": `mail-to-${recipients.length}`,
    });
    expect(response.status).toBe(202);
    return (await response.json()) as { tracking_id: string; emails: unknown[] };
  };
  interface Group {
    tracking_id: string;
    recipient_count: number;
    recipients: { recipient: string; status: string }[];
  }
  const groups = async () => {
    const response = await worker.request("/api/emails?ticket=1", supervisor);
    return ((await response.json()) as { emails: Group[] }).emails;
  };
  /** Which mails are on disk: the tokens of their pixels, one per HTML part. */
  const tokensOnDisk = () => worker.mails().html.map((html) => /\/t\/([\w-]{22})\.gif/.exec(html)?.[1] ?? "no pixel");

  test("one send to four: four mails on disk, one group of four", async () => {
    await worker.start();
    const before = worker.mails();
    const to = ["one", "two", "three", "four"].map((name) => `${name}@atelier.example`);
    const { tracking_id } = await sendTo(to);
    await delivered();
    const written = async () => worker.mails().html.length >= 4 && worker.mails().text.length >= 4;
    await until(written);
    expect(before).toEqual({ html: [], text: [] });
    expect(worker.mails().text).toHaveLength(4);
    expect(new Set(tokensOnDisk()).size).toBe(4);
    expect(await groups()).toMatchObject([
      { tracking_id, recipient_count: 4, recipients: to.map((recipient) => ({ recipient, status: "sent" })) },
    ]);
    expect((await sendTo(to)).tracking_id).toBe(tracking_id);
    await worker.cron();
    await delivered();
    expect(worker.mails().html).toHaveLength(4);
  }, 120_000);

  test("killed amid fifty mails: after restart and one cron run none is lost", async () => {
    const to = Array.from({ length: 50 }, (_, index) => `c${index}@atelier.example`);
    const { tracking_id } = await sendTo(to);
    await until(async () => worker.mails().html.length > 4);
    await worker.kill();
    const unsent = worker.sql(
      `SELECT token FROM email_history WHERE tracking_id = '${tracking_id}' AND status <> 'sent'`,
    ) as { token: string }[];
    expect(unsent.length).toBeGreaterThan(0);
    expect(unsent.length).toBeLessThan(50);
    letLeasesRunOut();
    await worker.start();
    expect((await sendTo(to)).tracking_id).toBe(tracking_id);
    await worker.cron();
    await delivered();
    expect(await openDeliveries()).toEqual({ pending: 0, processing: 0, failed: 0 });
    expect((await groups())[0]).toMatchObject({
      tracking_id,
      recipient_count: 50,
      recipients: to.map((recipient) => ({ recipient, status: "sent" })),
    });
    // The local mail service writes its file after it has answered, so only for mails that were open when it died can
    // the disk be asked.
    await until(async () => unsent.every(({ token }) => tokensOnDisk().includes(token)));
  }, 120_000);
});

test("killed while Stripe makes a customer: after restart and one cron run there is one, and it is linked", async () => {
  await worker.start();
  await account.script({ on: "create", hold: true });
  const added = await worker.request("/api/customers", supervisor, {
    name: "Jeanne Tremblay",
    email: "jeanne@atelier.example",
  });
  expect(added.status).toBe(201);
  const { customer } = (await added.json()) as { customer: { id: number } };
  await account.arrived();
  await worker.kill();
  // Stripe has made it, and nobody was there to hear so.
  expect(await account.customers()).toHaveLength(1);
  expect(worker.sql("SELECT status FROM deliveries WHERE channel = 'stripe'")).toEqual([{ status: "processing" }]);
  expect(worker.sql("SELECT * FROM external_links")).toEqual([]);
  expect(letLeasesRunOut()).toHaveLength(1);

  await worker.start();
  await worker.cron();
  await worker.cron();
  await delivered();
  expect((await openDeliveries()).failed).toBe(0);
  const { customers, requests } = await account.report();
  expect(customers).toMatchObject([{ name: "Jeanne Tremblay", metadata: { customer_id: String(customer.id) } }]);
  expect(requests.map(({ operation, replayed }) => ({ operation, replayed }))).toEqual([
    { operation: "create", replayed: false },
    { operation: "create", replayed: true },
  ]);
  await worker.kill();
  expect(worker.sql("SELECT local_id, remote_id FROM external_links")).toEqual([
    { local_id: customer.id, remote_id: customers[0]?.id },
  ]);
}, 120_000);

import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { channelEntry } from "../../src/vocabulary/channels.ts";
import { breakingConnection } from "../db/connection.ts";
import { attemptRows, deliveryRows, notices, onlyDelivery } from "../deliveries/rows.ts";
import { createTicket, ok } from "../deliveries/shop.ts";
import { stage } from "../deliveries/stage.ts";
import { execute, queryAll, send } from "../helpers.ts";
import {
  addCustomer,
  addressOf,
  clearMail,
  emailRows,
  hurry,
  mailbox,
  newestEmail,
  postEmail,
  postOffice,
  silence,
} from "./mailbox.ts";

let office: Awaited<ReturnType<typeof postOffice>>;
const FOUR = ["one@atelier.example", "two@atelier.example", "three@atelier.example", "four@atelier.example"] as const;
const [ONE, , , FOURTH] = FOUR;

beforeAll(async () => {
  office = await postOffice();
});

beforeEach(async () => {
  await clearMail();
  await execute("DELETE FROM ticket_timeline WHERE action <> 'created'");
});

/** Another Worker over the same database, with a clock and a mailbox of its own. */
function setUp(settings: Record<string, unknown> = {}) {
  const box = mailbox();
  const on = stage({ settings: { EMAIL: box.EMAIL, ...settings } });
  const { supervisor } = office.shop;
  const post = (to: readonly string[], fields = {}, ref = office.ticket.ticket_id) =>
    postEmail(on.app, supervisor, ref, [...to], fields);
  const retry = async (id: number) =>
    expect((await on.app.request(`/api/deliveries/${id}/retry`, { ...send(supervisor), method: "POST" })).status).toBe(
      202,
    );
  return { ...box, on, post, retry, supervisor };
}

const statuses = async () => (await emailRows()).map(({ recipient, status }) => [recipient, status]);

test("one send to four: four rows, four mails, one tracking_id, one group of four", async () => {
  const { on, post, sent, supervisor } = setUp();
  const { tracking_id, emails } = await post(FOUR);
  expect(emails.map(({ recipient, status }) => [recipient, status])).toEqual(FOUR.map((to) => [to, "queued"]));
  await on.deliver();
  expect(sent.map(addressOf).sort()).toEqual(FOUR.toSorted());
  expect(new Set((await emailRows()).map((row) => row.tracking_id))).toEqual(new Set([tracking_id]));
  expect(new Set((await emailRows()).map((row) => row.token)).size).toBe(4);
  expect(await deliveryRows("status <> 'completed' OR attempts <> 1")).toEqual([]);
  const page = await ok<{ emails: Record<string, unknown>[] }>(on.app.request("/api/emails", send(supervisor)));
  expect(page.emails).toEqual([
    expect.objectContaining({
      tracking_id,
      ticket_id: office.ticket.ticket_id,
      subject: "About your machine",
      user_id: supervisor.id,
      sent_at: "2026-11-20T15:04:05.123Z",
      recipient_count: 4,
      opened_count: 0,
    }),
  ]);
  expect(page.emails[0]?.recipients).toMatchObject(
    FOUR.map((recipient) => ({ recipient, status: "sent", opened_at: null })),
  );
  expect(await notices(office.ticket.id)).toEqual([{ action: "notified", comment: "email" }]);
});

test("one recipient that fails for now: the others once, the fourth again by the schedule", async () => {
  const { on, post, refuse, sent, tried } = setUp();
  refuse(FOURTH, "E_INTERNAL_SERVER_ERROR", "E_INTERNAL_SERVER_ERROR");
  await post(FOUR);
  await on.deliver();
  expect(sent.map(addressOf).sort()).toEqual(FOUR.slice(0, 3).toSorted());
  expect(await statuses()).toEqual(FOUR.map((to) => [to, to === FOURTH ? "queued" : "sent"]));
  const began = on.time();
  await on.deliverAll();
  expect(sent.map(addressOf).filter((to) => to === FOURTH)).toHaveLength(1);
  expect(tried).toHaveLength(6);
  expect(on.time() - began).toBeGreaterThanOrEqual((30 + 300) * 0.8 * 1000);
  expect(await statuses()).toEqual(FOUR.map((to) => [to, "sent"]));
  expect((await attemptRows()).map(({ error }) => error).filter(Boolean)).toEqual(
    Array(2).fill("E_INTERNAL_SERVER_ERROR"),
  );
});

test.each([
  ["E_RATE_LIMIT_EXCEEDED", 60],
  ["E_DAILY_LIMIT_EXCEEDED", 6 * 3600],
])("%s is waited out: %i seconds at least", async (code, seconds) => {
  const { on, post, refuse, sent } = setUp();
  refuse(ONE, code);
  await post([ONE]);
  await on.deliver();
  const due = Date.parse((await onlyDelivery()).next_attempt_at ?? "");
  expect(due - on.time()).toBe(seconds * 1000);
  await on.deliverAll();
  await on.cron();
  await on.deliver();
  expect(sent).toHaveLength(1);
  expect((await newestEmail()).status).toBe("sent");
});

test.each(["E_SENDER_NOT_VERIFIED", "E_DELIVERY_FAILED", "E_VALIDATION_ERROR", "E_NEVER_HEARD_OF"])(
  "%s is final: failed with the reason, and the timeline says so",
  async (code) => {
    const { on, post, refuse, sent, tried } = setUp();
    refuse(FOURTH, code);
    await post(FOUR);
    await on.deliverAll();
    expect(sent).toHaveLength(3);
    expect(tried).toHaveLength(4);
    expect(await emailRows(`recipient = '${FOURTH}'`)).toMatchObject([
      { status: "failed", reason: code, sent_at: null },
    ]);
    expect(await deliveryRows("status = 'failed'")).toMatchObject([{ last_error: code, attempts: 1 }]);
    expect(await notices(office.ticket.id)).toEqual([
      { action: "notified", comment: "email" },
      { action: "notification_failed", comment: code },
    ]);
  },
);

test("an address that the service suppresses is suppressed, not failed", async () => {
  const { on, post, refuse } = setUp();
  refuse(ONE, "E_RECIPIENT_SUPPRESSED");
  await post([ONE]);
  await on.deliverAll();
  expect(await newestEmail()).toMatchObject({ status: "suppressed", reason: "E_RECIPIENT_SUPPRESSED" });
});

test("retries used up: failed once, told once; an operator's retry then sends it, and one more sends nothing", async () => {
  const { on, post, retry, refuse, sent, tried } = setUp();
  const tries = channelEntry("email").retrySeconds.length + 1;
  refuse(ONE, ...Array(tries).fill("E_INTERNAL_SERVER_ERROR"));
  await post([ONE]);
  for (let minute = 0; minute < 60 && (await onlyDelivery()).status === "pending"; minute++) {
    await on.deliverAll();
    on.advance(3600);
    await on.cron();
  }
  expect(tried).toHaveLength(tries);
  expect(await onlyDelivery()).toMatchObject({ status: "failed", attempts: tries });
  expect(await newestEmail()).toMatchObject({ status: "failed", reason: "E_INTERNAL_SERVER_ERROR" });
  expect((await notices(office.ticket.id)).filter(({ action }) => action === "notification_failed")).toHaveLength(1);

  const { id } = await onlyDelivery();
  await retry(id);
  await on.deliver();
  expect(sent).toHaveLength(1);
  expect(await newestEmail()).toMatchObject({ status: "sent", reason: null });
  await retry(id);
  await on.deliver();
  expect(sent).toHaveLength(1);
  expect(await onlyDelivery()).toMatchObject({ status: "completed" });
});

test("no answer within 30 s, and an error without a code, count as passing", async () => {
  const { on, post, answer, sent } = setUp();
  answer(ONE, silence, () => Promise.reject(new Error("Network connection lost")));
  await post([ONE]);
  const meant = hurry();
  await on.deliver();
  expect(meant).toEqual([30_000]);
  expect(await onlyDelivery()).toMatchObject({ status: "pending", attempts: 1, last_error: "no_answer" });
  await on.deliverAll();
  expect(sent).toHaveLength(1);
  expect(await onlyDelivery()).toMatchObject({ status: "completed", attempts: 3 });
});

test("a mail that was taken without an id is sent, not repeated", async () => {
  const { on, post } = setUp({ EMAIL: { send: async () => ({}) } });
  await post([ONE]);
  await on.deliverAll();
  expect(await newestEmail()).toMatchObject({ status: "sent", message_id: null });
  expect(await onlyDelivery()).toMatchObject({ status: "completed", attempts: 1 });
});

describe("a worker that dies", () => {
  const die = (attempts: number) =>
    execute(`UPDATE deliveries SET status = 'processing', attempts = ${attempts}, lease_token = 'dead', next_attempt_at = NULL,
             lease_until = '2026-11-20T15:00:00.000Z', claimed_generation = generation`);

  test("between claim and finish loses nothing", async () => {
    const { on, post, sent } = setUp();
    await post(FOUR);
    on.lose();
    await die(1);
    await on.cron();
    await on.deliver();
    expect(sent.map(addressOf).sort()).toEqual(FOUR.toSorted());
    expect(await statuses()).toEqual(FOUR.map((to) => [to, "sent"]));
  });

  test("during the last try leaves no mail queued for ever", async () => {
    const { on, post, sent, retry } = setUp();
    await post([ONE]);
    on.lose();
    await die(channelEntry("email").retrySeconds.length + 1);
    await on.cron();
    await on.cron();
    expect(await onlyDelivery()).toMatchObject({ status: "failed" });
    expect(await newestEmail()).toMatchObject({ status: "failed", reason: "interrupted" });
    expect(await notices(office.ticket.id)).toEqual([
      { action: "notified", comment: "email" },
      { action: "notification_failed", comment: "interrupted" },
    ]);
    await retry((await onlyDelivery()).id);
    await on.deliver();
    expect(sent).toHaveLength(1);
    expect((await newestEmail()).status).toBe("sent");
  });

  test("a result that was written although its answer got lost is not sent again", async () => {
    const { on, post, sent } = setUp();
    await post([ONE]);
    on.lose();
    const { id } = await onlyDelivery();
    const box = mailbox();
    const { database } = breakingConnection(env.DB, "after commit");
    expect(await stage({ settings: { EMAIL: box.EMAIL, DB: database } }).invoke([id])).toBe("returned");
    expect(box.sent).toHaveLength(1);
    on.advance(600);
    await on.cron();
    await on.deliver();
    expect(sent).toEqual([]);
  });
});

test("every mail of a ticket is one conversation per recipient, another ticket another", async () => {
  const { on, post, sent, supervisor } = setUp();
  const other = await createTicket(on.app, supervisor, { machine_id: office.shop.machine_id });
  const mail = async (to: string, ref = office.ticket.ticket_id) => {
    await post([to], { subject: `Re: ${ref}` }, ref);
    await on.deliver();
    const newest = sent.at(-1);
    if (!newest) throw new Error("nothing was sent");
    return newest;
  };
  const root = (ticket: { ticket_id: string }) => `<${ticket.ticket_id.toLowerCase()}@shopfloor.example>`;
  const first = await mail(ONE);
  expect(first.headers).toMatchObject({ References: root(office.ticket), "In-Reply-To": root(office.ticket) });
  expect(first.subject).toBe(`Re: ${office.ticket.ticket_id}`);
  const second = await mail(ONE);
  expect(second.headers.References).toBe(`${root(office.ticket)} ${first.messageId}`);
  expect(second.headers["In-Reply-To"]).toBe(first.messageId);
  const ids = [first.messageId, second.messageId];
  for (let i = 0; i < 5; i++) ids.push((await mail(ONE)).messageId);
  const last = await mail(ONE);
  expect(last.headers.References).toBe([root(office.ticket), ...ids.slice(-5)].join(" "));
  expect(last.headers["In-Reply-To"]).toBe(ids.at(-1));
  expect((await mail(FOURTH)).headers.References).toBe(root(office.ticket));
  expect((await mail(ONE, other.ticket_id)).headers.References).toBe(root(other));
  // What the service takes: everything else it would refuse.
  const allowed = ["References", "In-Reply-To", "List-Unsubscribe", "List-Unsubscribe-Post"];
  expect(Object.keys(last.headers).sort()).toEqual(allowed.sort());
  expect(last.headers["List-Unsubscribe-Post"]).toBe("List-Unsubscribe=One-Click");
  expect(last.headers["List-Unsubscribe"]).toMatch(/^<https:\/\/shop\.example\/u\/[\w-]{22}\.[\w-]{22}>$/);
  expect(last.from).toEqual({ name: "Shopfloor Tickets", email: "maintenance@shopfloor.example" });
});

test("names and languages: of the recipient where they are known, else of the send, else of the shop", async () => {
  const { on, post, sent, supervisor } = setUp({ BETTER_AUTH_URL: "https://tickets.example/" });
  await addCustomer(on.app, supervisor, { email: "jeanne@atelier.example", language: "fr" });
  await post([], {
    recipients: [{ email: "jeanne@atelier.example" }, { email: ONE, name: 'Ann "A" O\'Neil' }],
    language: "en",
  });
  await execute(
    "UPDATE email_history SET recipient_name = 'A' || char(13, 10) || 'Bcc: x@y.example' WHERE recipient_name IS NULL",
  );
  await on.deliver();
  const to = new Map(sent.map((mail) => [addressOf(mail), mail]));
  expect(to.get("jeanne@atelier.example")?.html).toContain('<html lang="fr">');
  expect(to.get("jeanne@atelier.example")?.to).toMatchObject({ name: "A Bcc: x@y.example" });
  expect(to.get(ONE)?.html).toContain('<html lang="en">');
  expect(to.get(ONE)?.to).toEqual({ email: ONE, name: 'Ann "A" O\'Neil' });
  const { token } = await newestEmail();
  expect(to.get(ONE)?.html).toContain(`<img src="https://tickets.example/t/${token}.gif"`);
  expect(await queryAll("SELECT channel, direction, summary, value FROM contact_history")).toEqual([
    { channel: "email", direction: "outbound", summary: "About your machine", value: "jeanne@atelier.example" },
  ]);
});

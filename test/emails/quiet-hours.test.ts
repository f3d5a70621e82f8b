import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { quietUntil } from "../../src/time/quiet-hours.ts";
import { deliveryRows, notices } from "../deliveries/rows.ts";
import { eventOf, type Shop, setUpShop } from "../deliveries/shop.ts";
import { send } from "../helpers.ts";
import { customerDesk, EMAIL, news } from "./customer.ts";
import { clearMail, newestEmail, postEmail } from "./mailbox.ts";

let shop: Shop;

beforeAll(async () => {
  shop = await setUpShop();
});

beforeEach(clearMail);

const setUp = () => customerDesk(shop);

// Toronto is four hours behind UTC in summer, five in winter. In 2026 the clock skips 02:00-03:00 on 8 March, and shows
// 01:00-02:00 twice on 1 November.
describe("on the wall clock of the shop", () => {
  test.each<[string, string, string, string, string | null]>([
    ["in the evening", "22:00", "07:00", "2026-11-20T22:00-05:00", "2026-11-21T07:00-05:00"],
    ["a second before", "22:00", "07:00", "2026-11-20T21:59:59.999-05:00", null],
    ["after midnight", "22:00", "07:00", "2026-11-21T00:00-05:00", "2026-11-21T07:00-05:00"],
    ["in the last second", "22:00", "07:00", "2026-11-21T06:59:59.999-05:00", "2026-11-21T07:00-05:00"],
    ["at the end", "22:00", "07:00", "2026-11-21T07:00-05:00", null],
    ["within a day, before", "12:00", "13:30", "2026-11-20T11:59-05:00", null],
    ["within a day", "12:00", "13:30", "2026-11-20T12:00-05:00", "2026-11-20T13:30-05:00"],
    ["within a day, at the end", "12:00", "13:30", "2026-11-20T13:30-05:00", null],
    ["until midnight", "20:00", "00:00", "2026-11-20T23:59:30-05:00", "2026-11-21T00:00-05:00"],
    ["from midnight", "00:00", "06:00", "2026-11-21T00:00:00.001-05:00", "2026-11-21T06:00-05:00"],
    ["all day but a minute", "07:01", "07:00", "2026-11-20T07:01-05:00", "2026-11-21T07:00-05:00"],
    ["a span of nothing", "07:00", "07:00", "2026-11-20T07:00-05:00", null],
    ["over the lost hour", "22:00", "07:00", "2026-03-07T23:00-05:00", "2026-03-08T07:00-04:00"],
    ["over the hour that comes twice", "22:00", "07:00", "2026-10-31T23:00-04:00", "2026-11-01T07:00-05:00"],
    ["until a time that is skipped", "22:00", "02:30", "2026-03-07T23:00-05:00", "2026-03-08T03:00-04:00"],
    ["just before the skip", "22:00", "02:30", "2026-03-08T01:59:59-05:00", "2026-03-08T03:00-04:00"],
    ["just after the skip", "22:00", "02:30", "2026-03-08T03:00-04:00", null],
    ["from a time that is skipped", "02:30", "05:00", "2026-03-08T03:00-04:00", "2026-03-08T05:00-04:00"],
    ["until a time that comes twice", "22:00", "01:30", "2026-11-01T00:30-04:00", "2026-11-01T01:30-04:00"],
    ["in the first of the twin hours", "22:00", "03:00", "2026-11-01T01:10-04:00", "2026-11-01T03:00-05:00"],
    ["in the second of them", "22:00", "01:30", "2026-11-01T01:10-05:00", "2026-11-01T01:30-05:00"],
  ])("%s", (_, from, until, now, end) => {
    const found = quietUntil(new Date(now), from, until, "America/Toronto");
    expect(found?.toISOString() ?? null).toBe(end && new Date(end).toISOString());
  });

  test("their end is always ahead, and never quiet itself: no delivery goes in circles", () => {
    const clock = (minutes: number) => new Date(minutes * 60_000).toISOString().slice(11, 16);
    for (const day of ["2026-03-07", "2026-03-08", "2026-10-31", "2026-11-01", "2026-07-01"]) {
      for (let minute = 0; minute < 1440; minute += 13) {
        const now = new Date(Date.parse(`${day}T00:00:30.000Z`) + minute * 60_000);
        for (const [from, until] of [
          ["22:00", "02:30"],
          ["01:30", "01:15"],
          ["02:10", "02:50"],
          [clock(minute), clock(minute * 7)],
        ] as const) {
          for (const zone of ["America/Toronto", "Australia/Lord_Howe", "Asia/Kathmandu"]) {
            const end = quietUntil(now, from, until, zone);
            if (!end) continue;
            expect(end.getTime(), `${now.toISOString()} ${from} ${until} ${zone}`).toBeGreaterThan(now.getTime());
            expect(end.getTime() - now.getTime()).toBeLessThanOrEqual(25 * 60 * 60_000);
            expect(quietUntil(end, from, until, zone)).toBeNull();
          }
        }
      }
    }
  });
});

describe("news of a ticket", () => {
  const NIGHT = { quiet_from: "22:00", quiet_until: "07:00" };

  test("postpone to their end, use up no try, and then it goes out by the preferences of then", async () => {
    const { on, create, clock, prefer, sent } = await setUp();
    await prefer(NIGHT);
    clock("2026-11-21T03:30:00.000Z");
    await create();
    await on.deliver();
    expect(await news()).toMatchObject([
      { status: "pending", attempts: 0, last_error: "quiet hours", next_attempt_at: "2026-11-21T12:00:00.000Z" },
    ]);
    expect(on.held).toMatchObject([{ delaySeconds: 8.5 * 3600 }]);
    clock("2026-11-21T11:59:59.000Z");
    await on.cron();
    await on.deliver();
    expect(sent).toEqual([]);
    clock("2026-11-21T12:00:00.000Z");
    await on.deliver();
    expect(sent).toHaveLength(1);
    expect(await news()).toMatchObject([{ status: "completed", attempts: 1, last_error: null }]);
  });

  test("preferences that change in the night count, and a retry keeps to the night", async () => {
    const { on, create, clock, listener, prefer, sent } = await setUp();
    await prefer(NIGHT);
    clock("2026-11-21T03:30:00.000Z");
    await create();
    await on.deliver();
    const consumer = await listener();
    await prefer({ ...NIGHT, preferred_channel: "sms", allow_email: false });
    const [job] = await news();
    await on.app.request(`/api/deliveries/${job?.id}/retry`, { ...send(shop.supervisor), method: "POST" });
    await on.deliver();
    expect(await news()).toMatchObject([{ status: "pending", attempts: 0 }]);
    clock("2026-11-21T12:00:00.000Z");
    await on.deliver();
    expect(sent).toEqual([]);
    expect((await consumer.requests()).map((received) => eventOf(received).data.method)).toEqual(["sms"]);
  });

  test("that begin before a try succeeds hold mails and notifications alike, but not what a person writes", async () => {
    const { on, create, clock, listener, prefer, refuse, sent, tried, customer } = await setUp();
    const consumer = await listener({ status: 500 }, { status: 200 });
    await prefer(NIGHT);
    clock("2026-11-21T02:59:58.000Z");
    refuse(EMAIL, "E_INTERNAL_SERVER_ERROR");
    await create();
    await on.deliver();
    await prefer({ ...NIGHT, preferred_channel: "whatsapp" });
    const { ticket_id } = await create();
    await on.deliver();
    expect([tried.length, (await consumer.requests()).length]).toEqual([1, 1]);
    await on.deliverNext();
    clock("2026-11-21T03:10:00.000Z");
    await on.deliver();
    expect([tried.length, (await consumer.requests()).length]).toEqual([1, 1]);
    expect(await deliveryRows("status = 'pending'")).toMatchObject(
      Array(2).fill({ attempts: 1, next_attempt_at: "2026-11-21T12:00:00.000Z" }),
    );
    await postEmail(on.app, shop.supervisor, ticket_id, [EMAIL]);
    await on.deliver();
    expect(await newestEmail()).toMatchObject({ status: "sent", customer_id: customer });
    clock("2026-11-21T12:00:00.000Z");
    await on.deliver();
    expect(sent).toHaveLength(2);
    expect(await consumer.requests()).toHaveLength(2);
    expect(await deliveryRows("status <> 'completed'")).toEqual([]);
  });

  test("an opt-out between two tries of a notification ends it", async () => {
    const { on, create, listener, prefer } = await setUp();
    const consumer = await listener({ status: 500 }, { status: 200 });
    await prefer({ preferred_channel: "whatsapp" });
    const { id } = await create();
    await on.deliver();
    await prefer({ preferred_channel: "whatsapp", allow_whatsapp: false });
    await on.deliverAll();
    expect(await notices(id)).toEqual([
      { action: "notified", comment: "whatsapp" },
      { action: "notification_failed", comment: "whatsapp" },
    ]);
    expect(await consumer.requests()).toHaveLength(1);
    expect(await deliveryRows("status <> 'completed'")).toEqual([]);
  });
});

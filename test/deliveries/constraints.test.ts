import { beforeEach, describe, expect, test } from "vitest";
import { execute, queryAll } from "../helpers.ts";
import { clearDeliveries } from "./rows.ts";

// The database itself refuses rows whose status and times contradict each other, whoever writes them.

beforeEach(clearDeliveries);

const AT = "'2026-11-20T15:04:05.123Z'";

const row: Record<string, string | number> = {
  channel: "'push'",
  target: "'user:1'",
  subject: "'ticket:1'",
  event_type: "'ticket.assigned'",
  payload: "'{}'",
  created_at: AT,
  updated_at: AT,
};

const lease = { lease_token: "'t'", lease_until: AT, claimed_generation: 1 };

const states: Record<string, Record<string, string | number>> = {
  pending: { status: "'pending'", next_attempt_at: AT },
  processing: { status: "'processing'", ...lease },
  completed: { status: "'completed'", completed_at: AT },
  failed: { status: "'failed'" },
};

const insertInto = (table: string, columns: Record<string, string | number>) =>
  execute(`INSERT INTO ${table} (${Object.keys(columns).join(", ")}) VALUES (${Object.values(columns).join(", ")})`);
const insert = (columns: Record<string, string | number>) => insertInto("deliveries", { ...row, ...columns });

test.each(Object.entries(states))("a consistent %s row is accepted", async (_, columns) => {
  await insert(columns);
});

describe("a delivery is refused", () => {
  test.each<[string, Record<string, string | number>]>([
    ["pending without a time for its next try", { status: "'pending'" }],
    ["pending with a lease", { ...states.pending, ...lease }],
    ["pending with a token only", { ...states.pending, lease_token: "'t'" }],
    ["pending and completed", { ...states.pending, completed_at: AT }],
    ["processing without a lease", { status: "'processing'" }],
    ["processing without a token", { ...states.processing, lease_token: "NULL" }],
    ["processing without an end of its lease", { ...states.processing, lease_until: "NULL" }],
    ["processing without the generation that was claimed", { ...states.processing, claimed_generation: "NULL" }],
    ["processing and due", { ...states.processing, next_attempt_at: AT }],
    ["processing and completed", { ...states.processing, completed_at: AT }],
    ["completed without its time", { status: "'completed'" }],
    ["completed and due", { ...states.completed, next_attempt_at: AT }],
    ["completed with a lease", { ...states.completed, ...lease }],
    ["failed and due", { ...states.failed, next_attempt_at: AT }],
    ["failed with a lease", { ...states.failed, ...lease }],
    ["failed and completed", { ...states.failed, completed_at: AT }],
    ["claimed at a generation that is yet to come", { ...states.processing, claimed_generation: 2 }],
    ["claimed at generation 0", { ...states.processing, claimed_generation: 0 }],
    ["of generation 0", { ...states.pending, generation: 0 }],
    ["with a negative number of tries", { ...states.pending, attempts: -1 }],
    ["with an unknown status", { status: "'sent'" }],
    ["with an unknown channel", { ...states.pending, channel: "'fax'" }],
    ["with a payload that is no JSON", { ...states.pending, payload: "'{'" }],
    ["without a target", { ...states.pending, target: "''" }],
  ])("%s", async (_, columns) => {
    await expect(insert(columns)).rejects.toThrow("CHECK constraint failed");
  });

  test("when it exists already", async () => {
    await insert(states.failed ?? {});
    await expect(insert(states.pending ?? {})).rejects.toThrow(
      "UNIQUE constraint failed: deliveries.subject, deliveries.channel, deliveries.target, deliveries.event_type",
    );
  });

  test("when only its status is changed", async () => {
    await insert(states.pending ?? {});
    for (const status of ["processing", "completed", "failed"]) {
      await expect(execute(`UPDATE deliveries SET status = '${status}'`)).rejects.toThrow("CHECK constraint failed");
    }
    expect(await queryAll("SELECT status FROM deliveries")).toEqual([{ status: "pending" }]);
  });
});

describe("what belongs to a delivery", () => {
  test("cannot be written for one that does not exist", async () => {
    await expect(
      insertInto("delivery_attempts", {
        delivery_id: 999_999,
        id: 1,
        generation: 1,
        attempt: 1,
        started_at: AT,
        duration_ms: 0,
      }),
    ).rejects.toThrow("FOREIGN KEY constraint failed");
  });

  test("keeps the delivery from being deleted before it", async () => {
    await insert({ ...states.failed, id: 7 });
    await insertInto("delivery_attempts", {
      delivery_id: 7,
      id: 1,
      generation: 1,
      attempt: 1,
      started_at: AT,
      duration_ms: 0,
    });
    await expect(execute("DELETE FROM deliveries")).rejects.toThrow("FOREIGN KEY constraint failed");
  });

  test.each([
    ["no_device", "1"],
    ["success", "NULL"],
    ["expired", "NULL"],
  ])("a log of %s with subscription %s is refused", async (status, subscription_id) => {
    await insert({ ...states.failed, id: 7 });
    await execute(
      `INSERT INTO users (id, name, email, created_at, updated_at) VALUES (1, 'A', 'a@shop.example', ${AT}, ${AT})
       ON CONFLICT DO NOTHING`,
    );
    const log = { delivery_id: 7, generation: 1, user_id: 1, subscription_id, attempt: 1, created_at: AT };
    await expect(insertInto("push_logs", { ...log, status: `'${status}'` })).rejects.toThrow("CHECK constraint failed");
  });
});

describe("a webhook endpoint is refused", () => {
  const endpoint = {
    url: "'https://a.example/'",
    events: "'[]'",
    secret: "'whsec_AAAA'",
    created_at: AT,
    updated_at: AT,
  };

  test.each<[string, Record<string, string | number>]>([
    ["active and switched off by its receiver", { disabled_reason: "'gone'" }],
    ["active and removed", { deleted_at: AT }],
    ["with an old secret that never ends", { previous_secret: "'whsec_BBBB'" }],
    ["with an end for an old secret that there is not", { previous_secret_until: AT }],
    ["with a secret of another kind", { secret: "'hunter2'" }],
    ["switched off for no known reason", { active: 0, disabled_reason: "'bored'" }],
  ])("%s", async (_, columns) => {
    await expect(insertInto("webhook_endpoints", { ...endpoint, ...columns })).rejects.toThrow(
      "CHECK constraint failed",
    );
  });
});

import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { breakingConnection } from "../db/connection.ts";
import { abortOn, dropFaults, FAULT_TEXT } from "../db/triggers.ts";
import { bindings, execute, type Person, person, queryAll, recordedSleep, rowCounts, startApp } from "../helpers.ts";
import { expectProblem } from "../problems.ts";
import { customersOf, disagreements } from "./api.ts";

const app = startApp();
let supervisor: Person;
const on = customersOf(app, () => supervisor);

const A = "+15145550101";
const B = "+15145550102";
const C = "+15145550103";

beforeAll(async () => {
  supervisor = await person("supervisor");
});

afterEach(dropFaults);

/** Side tables as nobody's code leaves them: other spellings, a wrong primary, missing and superfluous rows. */
const disorder = (id: number) =>
  execute(
    `DELETE FROM contact_preferences WHERE customer_id = ${id}`,
    `DELETE FROM contact_methods WHERE customer_id = ${id}`,
    `INSERT INTO contact_methods (customer_id, kind, value, is_primary, created_at, updated_at) VALUES
       (${id}, 'phone', '(514) 555-0101', 1, '2020-01-01', '2020-01-01'),
       (${id}, 'phone', '514-555-0101', 0, '2020-01-01', '2020-01-01'),
       (${id}, 'phone', '${A}', 0, '2020-01-01', '2020-01-01'),
       (${id}, 'whatsapp', '${C}', 1, '2020-01-01', '2020-01-01'),
       (${id}, 'email', 'A@B.example', 1, '2020-01-01', '2020-01-01'),
       (${id}, 'sms', '${C}', 1, '2020-01-01', '2020-01-01')`,
  );

describe("a customer always saves", () => {
  test("whatever state the side tables are in; they agree afterwards, and nothing of them is lost", async () => {
    const { id } = await on.create({ phone: A, email: "a@b.example" });
    await disorder(id);
    await on.change(id, { notes: "Only a note" });
    expect(await disagreements()).toEqual([]);
    expect(await on.reached(id)).toEqual(
      [
        "email A@B.example",
        "email a@b.example *",
        "phone (514) 555-0101",
        `phone ${A} *`,
        "phone 514-555-0101",
        `sms ${C} *`,
        `whatsapp ${A} *`,
        `whatsapp ${C}`,
      ].sort(),
    );
  });

  test("with values in the row that no contact method can hold", async () => {
    const { id } = await on.create();
    await execute(`UPDATE customers SET phone = '1', whatsapp = '', email = '${"x".repeat(300)}' WHERE id = ${id}`);
    expect((await on.patch(id, { notes: "Saved" })).status).toBe(200);
    expect(await on.reached(id)).toEqual([]);
    await on.change(id, { phone: A, whatsapp: A, email: "a@b.example" });
    expect(await disagreements()).toEqual([]);
  });

  test.each([false, true])(
    "200 concurrent changes: no 409, no 5xx, one primary per kind, disorder: %s",
    async (mess) => {
      const { id } = await on.create({ phone: A, email: "a@b.example" });
      if (mess) await disorder(id);
      const number = (i: number) => `+1514555${1000 + i}`;
      const answers = await Promise.all(
        Array.from({ length: 200 }, (_, i) =>
          on.patch(id, { phone: number(i), whatsapp: number(500 + i), email: `p${i}@b.example` }),
        ),
      );
      expect(answers.map((answer) => answer.status)).toEqual(Array(200).fill(200));
      expect(await disagreements()).toEqual([]);
      expect((await on.read(id)).version).toBe(201);
      const reached = await on.reached(id);
      const kept = reached.map((text) => text.replace(" *", ""));
      for (let i = 0; i < 200; i++) {
        expect(kept).toContain(`phone ${number(i)}`);
        expect(kept).toContain(`whatsapp ${number(500 + i)}`);
        expect(kept).toContain(`email p${i}@b.example`);
      }
      expect(kept).toEqual(expect.arrayContaining([`phone ${A}`, "email a@b.example"]));
      expect(reached.filter((text) => text.endsWith(" *") && !text.startsWith("sms"))).toHaveLength(3);
    },
  );

  test("while methods are added, made primary and removed by others", async () => {
    const { id } = await on.create({ phone: A, email: "a@b.example" });
    const primary = await on.methodId(id, "phone", A);
    const answers = await Promise.all(
      Array.from({ length: 120 }, (_, i) => {
        const value = `+1514555${2000 + (i % 10)}`;
        const kind = ["phone", "whatsapp", "sms"][i % 3];
        if (i % 4 === 0) return on.patch(id, { phone: value });
        if (i % 4 === 1) return on.addMethod(id, { kind, value, is_primary: true });
        if (i % 4 === 2) return on.addMethod(id, { kind, value });
        return on.removeMethod(id, primary + (i % 8));
      }),
    );
    const unexpected = answers.filter((answer) => ![200, 201, 204, 404].includes(answer.status));
    expect(unexpected).toEqual([]);
    expect(await disagreements()).toEqual([]);
  });
});

describe("all or nothing", () => {
  test.each([
    ["INSERT", "contact_methods"],
    ["UPDATE", "contact_methods"],
    ["INSERT", "contact_preferences"],
    ["UPDATE", "customers"],
    ["INSERT", "customers"],
    ["INSERT", "idempotency_keys"],
  ] as const)("when a statement fails – %s on %s – nothing is written and nothing leaks", async (event, table) => {
    const { id } = await on.create({ phone: A });
    await disorder(id);
    const state = async () => [await rowCounts(), await queryAll("SELECT * FROM customers"), await on.methods(id)];
    await abortOn(event, table);
    const key = { "idempotency-key": `fault-${event}-${table}` };
    let failed = 0;
    for (const attempt of [
      () => on.post({ name: "New", phone: C }, key),
      () => on.patch(id, { phone: B }),
      () => on.addMethod(id, { kind: "phone", value: C, is_primary: true }),
      () => on.patch(id, { whatsapp: null, email: "new@b.example" }),
    ]) {
      const before = await state();
      const answer = await attempt();
      if (answer.ok) continue;
      failed++;
      expect(await answer.clone().text()).not.toContain(FAULT_TEXT);
      await expectProblem(answer, 500, "internal_error");
      expect(await state()).toEqual(before);
    }
    expect(failed).toBeGreaterThan(0);
    await dropFaults();
    expect((await on.patch(id, { phone: B })).status).toBe(200);
    expect(await disagreements()).toEqual([]);
  });

  test.each(["before", "after commit"] as const)("a connection lost %s is bridged, once each", async (moment) => {
    const { id } = await on.create({ phone: A });
    const through = (times: number) => {
      const { waits, sleep } = recordedSleep();
      const { database } = breakingConnection(env.DB, moment, times);
      const own = startApp({ sleep }, bindings({ DB: database }));
      return { waits, on: customersOf(own, () => supervisor) };
    };
    const twice = through(2);
    expect((await twice.on.patch(id, { phone: B, notes: "N" })).status).toBe(200);
    expect(twice.waits).toEqual([100, 300]);
    expect((await through(1).on.addMethod(id, { kind: "sms", value: C })).status).toBe(moment === "before" ? 201 : 200);
    const sms = await on.methodId(id, "sms", C);
    expect((await through(1).on.removeMethod(id, sms)).status).toBe(204);
    expect(await on.reached(id)).toEqual([`phone ${A}`, `phone ${B} *`, `whatsapp ${A}`, `whatsapp ${B} *`]);

    const key = { "idempotency-key": `lost-${moment.slice(0, 5)}` };
    const { customers = 0 } = await rowCounts();
    expect((await through(2).on.post({ name: "Once" }, key)).status).toBe(201);
    expect((await rowCounts()).customers).toBe(customers + 1);
    // Without a key, or bound to a version, nobody knows whether a second run would do harm.
    await expectProblem(await through(1).on.post({ name: "Unknown" }), 503, "database_unavailable");
    const { version } = await on.read(id);
    const bound = await through(1).on.patch(id, { notes: "M" }, { "if-match": `"${version}"` });
    await expectProblem(bound, 503, "database_unavailable");
    const lost = await through(3).on.patch(id, { notes: "L" });
    await expectProblem(lost, 503, "database_unavailable");
    expect(await disagreements()).toEqual([]);
  });
});

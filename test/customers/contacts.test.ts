import { env } from "cloudflare:workers";
import fc from "fast-check";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { breakingConnection } from "../faults/connection.ts";
import { abortOn, dropFaults, FAULT_TEXT } from "../faults/triggers.ts";
import { bindings, execute, type Person, person, queryAll, recordedSleep, rowCounts, startApp } from "../helpers.ts";
import { expectProblem } from "../problems.ts";
import { type Customers, customersOf, disagreements } from "./api.ts";

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

const methodId = async (customers: Customers, id: number, kind: string, value: string) =>
  (await customers.methods(id)).find((method) => method.kind === kind && method.value === value)?.id ?? 0;

describe("contact methods follow the customer", () => {
  test("a new customer has one primary method per number and address", async () => {
    const { id } = await on.create({ phone: A, whatsapp: B, email: "a@b.example" });
    expect(await on.reached(id)).toEqual(["email a@b.example *", `phone ${A} *`, `whatsapp ${B} *`]);
  });

  test("a changed one becomes primary, the old one stays; changed back, it is primary again", async () => {
    const { id } = await on.create({ phone: A, whatsapp: B, email: "a@b.example" });
    await on.change(id, { phone: C, whatsapp: A, email: "c@d.example" });
    const changed = ["email a@b.example", "email c@d.example *", `phone ${A}`, `phone ${C} *`];
    expect(await on.reached(id)).toEqual([...changed, `whatsapp ${A} *`, `whatsapp ${B}`]);
    await on.change(id, { phone: A });
    expect(await on.reached(id)).toContain(`phone ${A} *`);
    expect(await on.reached(id)).toContain(`phone ${C}`);
  });

  test("null leaves the old one, not primary", async () => {
    const { id } = await on.create({ phone: A, whatsapp: B, email: "a@b.example" });
    await on.change(id, { phone: null, email: null });
    expect(await on.reached(id)).toEqual(["email a@b.example", `phone ${A}`, `whatsapp ${B} *`]);
  });

  test.each<[string, object, object[], string | null]>([
    ["follows while it is not given", { phone: A }, [{ phone: B }], B],
    ["follows when it was given as the same", { phone: A, whatsapp: A }, [{ phone: B }], B],
    ["follows to null", { phone: A }, [{ phone: null }], null],
    ["follows again after both were null", { phone: A }, [{ phone: null }, { phone: B }], B],
    ["follows a first phone number", {}, [{ phone: B }], B],
    ["stays null where it was set so on purpose", { phone: A, whatsapp: null }, [{ phone: B }], null],
    ["stays another number", { phone: A, whatsapp: C }, [{ phone: B }], C],
    ["is what the same request says", { phone: A }, [{ phone: B, whatsapp: C }], C],
    ["stays when the same request says so", { phone: A }, [{ phone: B, whatsapp: A }], A],
    ["follows once it is the same again", { phone: A, whatsapp: C }, [{ whatsapp: A }, { phone: B }], B],
    ["leaves the phone alone when it changes", { phone: A }, [{ whatsapp: C }, { phone: B }], C],
  ])("WhatsApp %s", async (_, created, changes, whatsapp) => {
    const { id } = await on.create(created);
    for (const change of changes) await on.change(id, change);
    expect((await on.read(id)).whatsapp).toBe(whatsapp);
    expect(await disagreements()).toEqual([]);
  });
});

describe("the customer follows contact methods", () => {
  test("one made primary is written into the customer, and WhatsApp follows the phone", async () => {
    const { id, version } = await on.create({ phone: A, email: "a@b.example" });
    expect((await on.addMethod(id, { kind: "phone", value: B })).status).toBe(201);
    expect(await on.read(id)).toMatchObject({ phone: A, version });
    const response = await on.addMethod(id, { kind: "phone", value: "514-555-0102", is_primary: true });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ contact_method: { kind: "phone", value: B, is_primary: true } });
    expect(await on.read(id)).toMatchObject({ phone: B, whatsapp: B, version: version + 1 });
    expect(await on.reached(id)).toEqual([
      "email a@b.example *",
      `phone ${A}`,
      `phone ${B} *`,
      `whatsapp ${A}`,
      `whatsapp ${B} *`,
    ]);
    // Once more changes nothing.
    expect((await on.addMethod(id, { kind: "phone", value: B, is_primary: true })).status).toBe(200);
    expect((await on.addMethod(id, { kind: "phone", value: B })).status).toBe(200);
    expect(await on.read(id)).toMatchObject({ phone: B, version: version + 1 });
  });

  test("text messages have a primary number of their own", async () => {
    const { id } = await on.create({ phone: A });
    await on.addMethod(id, { kind: "sms", value: A, is_primary: true });
    await on.addMethod(id, { kind: "sms", value: B });
    expect(await on.reached(id)).toEqual([`phone ${A} *`, `sms ${A} *`, `sms ${B}`, `whatsapp ${A} *`]);
    await on.addMethod(id, { kind: "sms", value: B, is_primary: true });
    await on.change(id, { phone: C });
    expect(await on.reached(id)).toContain(`sms ${B} *`);
    expect((await on.removeMethod(id, await methodId(on, id, "sms", B))).status).toBe(204);
    expect((await on.reached(id)).filter((text) => text.startsWith("sms"))).toEqual([`sms ${A}`]);
  });

  test("removing the primary one is setting it to null; removing another changes the customer not at all", async () => {
    const { id } = await on.create({ phone: A, email: "a@b.example" });
    await on.change(id, { phone: B });
    const before = await on.read(id);
    expect((await on.removeMethod(id, await methodId(on, id, "phone", A))).status).toBe(204);
    expect(await on.read(id)).toEqual(before);
    expect((await on.removeMethod(id, await methodId(on, id, "phone", B))).status).toBe(204);
    expect(await on.read(id)).toMatchObject({ phone: null, whatsapp: null, email: "a@b.example" });
    expect(await on.reached(id)).toEqual(["email a@b.example *", `whatsapp ${A}`, `whatsapp ${B}`]);
    await on.change(id, { phone: C });
    expect(await on.read(id)).toMatchObject({ phone: C, whatsapp: C });
  });

  test("another customer's method, and one that is gone, is 404", async () => {
    const { id } = await on.create({ phone: A });
    const other = await on.create({ phone: A });
    const theirs = await methodId(on, other.id, "phone", A);
    await expectProblem(await on.removeMethod(id, theirs), 404, "contact_method_not_found");
    expect((await on.removeMethod(other.id, theirs)).status).toBe(204);
    await expectProblem(await on.removeMethod(other.id, theirs), 404, "contact_method_not_found");
  });
});

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
    const primary = await methodId(on, id, "phone", A);
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

test("any sequence of changes, additions and removals ends as the rules say", async () => {
  type Kind = "phone" | "whatsapp" | "email" | "sms";
  type Command =
    | { patch: { phone?: string | null; whatsapp?: string | null; email?: string | null } }
    | { add: { kind: Kind; value: string; is_primary: boolean } }
    | { remove: number };
  const number = fc.constantFrom(A, B, C);
  const mail = fc.constantFrom("a@b.example", "c@d.example");
  const command: fc.Arbitrary<Command> = fc.oneof(
    fc.record({
      patch: fc.record(
        { phone: fc.option(number), whatsapp: fc.option(number), email: fc.option(mail) },
        { requiredKeys: [] },
      ),
    }),
    fc.record({
      add: fc.oneof(
        fc.record({ kind: fc.constantFrom<Kind>("phone", "whatsapp", "sms"), value: number, is_primary: fc.boolean() }),
        fc.record({ kind: fc.constant<Kind>("email"), value: mail, is_primary: fc.boolean() }),
      ),
    }),
    fc.record({ remove: fc.nat(7) }),
  );

  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 12 }), async (commands) => {
      const { id } = await on.create({ phone: A });
      const row: Record<Exclude<Kind, "sms">, string | null> = { phone: A, whatsapp: A, email: null };
      let sms: string | null = null;
      const methods = new Set([`phone ${A}`, `whatsapp ${A}`]);
      const set = (change: Partial<typeof row>) => {
        if (change.phone !== undefined && change.whatsapp === undefined && row.whatsapp === row.phone) {
          row.whatsapp = change.phone;
        }
        Object.assign(row, change);
        for (const [kind, value] of Object.entries(row)) if (value !== null) methods.add(`${kind} ${value}`);
      };
      for (const step of commands) {
        if ("patch" in step) {
          await on.change(id, step.patch);
          set(step.patch);
        } else if ("add" in step) {
          const { kind, value, is_primary } = step.add;
          const known = methods.has(`${kind} ${value}`);
          expect((await on.addMethod(id, step.add)).status).toBe(known ? 200 : 201);
          methods.add(`${kind} ${value}`);
          if (is_primary && kind === "sms") sms = value;
          else if (is_primary) set({ [kind]: value });
        } else {
          const listed = await on.methods(id);
          const method = listed[step.remove % Math.max(1, listed.length)];
          if (!method) continue;
          expect((await on.removeMethod(id, method.id)).status).toBe(204);
          methods.delete(`${method.kind} ${method.value}`);
          if (method.kind === "sms") sms = sms === method.value ? null : sms;
          else if (row[method.kind] === method.value) set({ [method.kind]: null });
        }
      }
      expect(await on.read(id)).toMatchObject(row);
      const primary = (text: string) =>
        Object.entries({ ...row, sms }).some(([kind, value]) => text === `${kind} ${value}`);
      expect(await on.reached(id)).toEqual([...methods].map((text) => (primary(text) ? `${text} *` : text)).sort());
    }),
    { numRuns: 25 },
  );
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
    const sms = await methodId(on, id, "sms", C);
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

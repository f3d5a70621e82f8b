import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { type Person, person, startApp } from "../helpers.ts";
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
    expect((await on.removeMethod(id, await on.methodId(id, "sms", B))).status).toBe(204);
    expect((await on.reached(id)).filter((text) => text.startsWith("sms"))).toEqual([`sms ${A}`]);
  });

  test("removing the primary one is setting it to null; removing another changes the customer not at all", async () => {
    const { id } = await on.create({ phone: A, email: "a@b.example" });
    await on.change(id, { phone: B });
    const before = await on.read(id);
    expect((await on.removeMethod(id, await on.methodId(id, "phone", A))).status).toBe(204);
    expect(await on.read(id)).toEqual(before);
    expect((await on.removeMethod(id, await on.methodId(id, "phone", B))).status).toBe(204);
    expect(await on.read(id)).toMatchObject({ phone: null, whatsapp: null, email: "a@b.example" });
    expect(await on.reached(id)).toEqual(["email a@b.example *", `whatsapp ${A}`, `whatsapp ${B}`]);
    await on.change(id, { phone: C });
    expect(await on.read(id)).toMatchObject({ phone: C, whatsapp: C });
  });

  test("another customer's method, and one that is gone, is 404", async () => {
    const { id } = await on.create({ phone: A });
    const other = await on.create({ phone: A });
    const theirs = await on.methodId(other.id, "phone", A);
    await expectProblem(await on.removeMethod(id, theirs), 404, "contact_method_not_found");
    expect((await on.removeMethod(other.id, theirs)).status).toBe(204);
    await expectProblem(await on.removeMethod(other.id, theirs), 404, "contact_method_not_found");
  });
});

test("the contact history of one customer is paged, newest first, each entry with its author and time", async () => {
  const [{ id }, other] = [await on.create(), await on.create()];
  for (let i = 1; i <= 5; i++) {
    await on.note(id, { channel: "email", direction: "outbound", summary: `Note ${i}\nsecond line` });
    await on.note(other.id, { channel: "sms", direction: "inbound", summary: "Another's" });
  }
  type Page = { contact_history: { summary: string; user_id: number; created_at: string }[]; next_cursor: string };
  const page = async (query: string) => (await (await on.get(`${id}/contact-history${query}`)).json()) as Page;
  const first = await page("?limit=3");
  const second = await page(`?limit=3&cursor=${first.next_cursor}`);
  expect(second.next_cursor).toBeNull();
  const entries = [...first.contact_history, ...second.contact_history];
  expect(entries.map(({ summary }) => summary)).toEqual([5, 4, 3, 2, 1].map((i) => `Note ${i}\nsecond line`));
  for (const entry of entries) {
    expect(entry).toMatchObject({ user_id: supervisor.id, ticket_id: null, channel: "email", direction: "outbound" });
    expect(entry.created_at).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  }
  await expectProblem(await on.get(`${id}/contact-history?cursor=WyJ4Il0`), 400, "invalid_cursor");
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

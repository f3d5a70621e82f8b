import { beforeAll, describe, expect, test } from "vitest";
import { execute, type Person, person, queryAll, send, startApp } from "../helpers.ts";
import { randomNumbers } from "../tickets/stock.ts";
import { customersOf } from "./api.ts";

// Customers are searched by blocks of 256 ids: what a block says must be what its customers hold, whatever happens to them.

const app = startApp();
let admin: Person;
const on = customersOf(app, () => admin);

/** Customers whose block does not say what it should, and blocks without a customer that say something. */
const disagreeing = () =>
  queryAll(`
    SELECT c.id FROM customers c LEFT JOIN customer_blocks b ON b.block = c.id / 256
    WHERE c.search_text <> '' AND coalesce(instr(b.words, c.search_text), 0) = 0
    UNION ALL SELECT -b.block FROM customer_blocks b
    WHERE length(b.words) <> coalesce((SELECT SUM(length(search_text) + 1) - 1 FROM customers c WHERE c.id / 256 = b.block), 0)`);

beforeAll(async () => {
  admin = await person("admin");
});

test("whatever is done to customers, their blocks say what they hold", async () => {
  const random = randomNumbers(11);
  const names = ["Zoé Roy", "Acme", "Forge & Cie", "O'Brien", "Ñandú"];
  // The ids go over the edge of a block.
  await execute("INSERT INTO customers (id, name, created_at, updated_at) VALUES (250, 'N', '', '')");
  const ids: number[] = [];
  for (let step = 0; step < 60; step++) {
    const id = random.pick(ids);
    const what = ids.length < 5 ? 0 : random.below(5);
    if (what === 0) ids.push((await on.create({ name: `${random.pick(names)} ${step}` })).id);
    if (what === 1) await on.patch(id, { name: random.pick(names), phone: `+1514555${1000 + step}` });
    if (what === 2) await on.patch(id, { company: null, email: `p${step}@shop.example` });
    if (what === 3) await on.remove(`${id}?erase=true`);
    if (what === 4) await on.remove(id);
    expect(await disagreeing(), `step ${step}`).toEqual([]);
  }
  expect((await queryAll("SELECT block FROM customer_blocks")).length).toBe(2);
});

test("many at once in one block: each is found by what it was called last", async () => {
  const made = await Promise.all(Array.from({ length: 8 }, (_, index) => on.create({ name: `Before ${index}` })));
  await Promise.all(made.map(({ id }, index) => on.patch(id, { name: `Afterwards number${index}` })));
  for (const [index, { id }] of made.entries()) {
    expect((await on.list(`?q=number${index}`)).customers.map((customer) => customer.id)).toEqual([id]);
  }
  expect((await on.list("?q=before")).customers).toEqual([]);
  expect(await disagreeing()).toEqual([]);
});

describe("words that two customers of a block have between them", () => {
  test("are no hit, and no reason to miss one", async () => {
    await on.create({ name: "Xenia Left" });
    await on.create({ name: "Yannick Right" });
    expect((await on.list("?q=xenia right")).customers).toEqual([]);
    const both = await on.create({ name: "Xenia Right" });
    expect((await on.list("?q=xenia right")).customers.map(({ id }) => id)).toEqual([both.id]);
  });

  test("a refused creation leaves its block as it was", async () => {
    const before = await queryAll("SELECT * FROM customer_blocks");
    const refused = await app.request("/api/customers", send(admin, { name: "Nobody", phone: "12" }));
    expect(refused.status).toBe(422);
    expect(await queryAll("SELECT * FROM customer_blocks")).toEqual(before);
  });
});

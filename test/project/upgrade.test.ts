import { createHash, createHmac } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fold, type Word } from "../../bench/texts.ts";
import { subscriptionKeys } from "../push/subscription-keys.ts";
import { openReceiver, until } from "../receivers/client.ts";
import { startReceivers } from "../receivers/server.ts";
import { DELIVERIES } from "./old-shop/outbox.ts";
import { API_KEY, fillOldShop, type OldShop, PASSWORD, REPEATED, SECRET, SESSION_TOKEN } from "./old-shop/shop.ts";
import { TICKETS } from "./old-shop/tickets.ts";
import { projectCopy } from "./started-copy.ts";

// `npm start` over the database of a shop that has worked for a year with the first nineteen migrations.

const FIRST_NEW = "0020";
/** What follows from other rows. Whether it still does, the searches and figures below tell. */
const DERIVED_TABLES = ["ticket_terms", "search_blocks", "search_leaves", "search_edits", "stats_days", "stats_marks"];
const DERIVED_COLUMNS = ["tickets.search_text"];
/** Where no shop has rows for long. */
const EMPTY = ["unfinished_purges", "channel_pauses"];
const PAGE = 100;

let receivers: Awaited<ReturnType<typeof startReceivers>>;
let copy: Awaited<ReturnType<typeof projectCopy>>;
let webhooks: Awaited<ReturnType<typeof openReceiver>>;
let pushes: Awaited<ReturnType<typeof openReceiver>>;
let shop: OldShop;
let before: Map<string, Table>;
let origin: string;
const device = subscriptionKeys();
const supervisor = {
  authorization: `Bearer ${SESSION_TOKEN}.${createHmac("sha256", SECRET).update(SESSION_TOKEN).digest("base64")}`,
};

interface Table {
  key: string[];
  /** Columns that are stored. */
  columns: string[];
  rows: Record<string, unknown>[];
  /** The highest id ever given; null where ids may be given again. */
  given: number | null;
}

/** All tables but the derived ones, each in the order of its key. */
function tablesOf(db: DatabaseSync): Map<string, Table> {
  const names = db
    .prepare(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
    )
    .all()
    .map(({ name }) => `${name}`)
    .filter((name) => !DERIVED_TABLES.includes(name) && name !== "d1_migrations");
  return new Map(
    names.map((name) => {
      const info = db.prepare("SELECT name, pk FROM pragma_table_xinfo(?) WHERE hidden = 0").all(name);
      const key = info.filter(({ pk }) => Number(pk) > 0).sort((a, b) => Number(a.pk) - Number(b.pk));
      const [sequence] = db.prepare("SELECT seq FROM sqlite_sequence WHERE name = ?").all(name);
      const table = {
        key: key.map((column) => `${column.name}`),
        columns: info
          .map((column) => `${column.name}`)
          .filter((column) => !DERIVED_COLUMNS.includes(`${name}.${column}`)),
        given: sequence ? Number(sequence.seq) : null,
      };
      return [name, { ...table, rows: db.prepare(`SELECT * FROM ${name} ORDER BY ${table.key}`).all() }] as const;
    }),
  );
}

/** @param key in whose order the rows are: a table may have got another one. */
const digestOf = ({ rows }: Table, columns: string[], key: string[]) => {
  const hash = createHash("sha256");
  const order = (a: Table["rows"][number], b: typeof a) => {
    const differing = key.find((column) => a[column] !== b[column]) ?? "";
    return (a[differing] as string) < (b[differing] as string) ? -1 : 1;
  };
  for (const row of rows.toSorted(order)) hash.update(JSON.stringify(columns.map((column) => row[column])));
  return `${rows.length} rows, ${columns.length} columns, ${hash.digest("hex")}`;
};

const get = async <Body>(path: string, headers: Record<string, string> = supervisor): Promise<Body> => {
  const response = await fetch(origin + path, { headers });
  expect([path, response.status]).toEqual([path, 200]);
  return (await response.json()) as Body;
};
const post = (path: string, body: object, headers: Record<string, string> = {}) =>
  fetch(origin + path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });

/** Ids of the first page that a search must give, newest first, out of what the old shop was filled with. */
function searcher() {
  const byWord = new Map<string, number[]>();
  for (const { id, words, machine } of shop.tickets) {
    for (const word of new Set([...words.map(({ folded }) => folded), ...shop.machineWords(machine)])) {
      const ids = byWord.get(word);
      if (ids) ids.push(id);
      else byWord.set(word, [id]);
    }
  }
  const vocabulary = [...byWord.keys()];
  const withWord = (word: string) =>
    new Set(vocabulary.filter((known) => known.startsWith(word)).flatMap((known) => byWord.get(known) ?? []));
  return (q: string): number[] => {
    const sets = q.split(" ").map((part) => {
      const number = part.toUpperCase();
      const numbered = /^[A-Z]+-\d+/.test(number)
        ? shop.tickets.filter(({ ticket_id }) => ticket_id.startsWith(number))
        : [];
      return numbered.length > 0 ? new Set(numbered.map(({ id }) => id)) : withWord(fold(part));
    });
    const ids = shop.tickets.filter(({ id, isDeleted }) => !isDeleted && sets.every((set) => set.has(id)));
    return ids
      .map(({ id }) => id)
      .reverse()
      .slice(0, PAGE);
  };
}

/** 200 things that people look for: words rare and common, their beginnings, two at once, numbers whole and in part. */
function questions(): string[] {
  const ticket = (index: number) => shop.tickets[(index * 7919 + 13) % TICKETS] as OldShop["tickets"][number];
  const word = (index: number): Word => {
    const { words } = ticket(index);
    return words[index % words.length] as Word;
  };
  return Array.from({ length: 200 }, (_, index) => {
    const { ticket_id } = ticket(index);
    return [
      word(index).written,
      word(index).folded,
      word(index).folded.slice(0, 4),
      `${word(index).written} ${word(index + 200).folded}`,
      `${ticket(index).words[0]?.written} ${ticket(index).words[8]?.written}`,
      ticket_id,
      ticket_id.toLowerCase(),
      ticket_id.slice(0, -1),
      ticket_id.slice(-4),
      `haas ${word(index).written}`,
    ][index % 10] as string;
  });
}

beforeAll(async () => {
  [receivers, copy] = await Promise.all([startReceivers(), projectCopy()]);
  [webhooks, pushes] = await Promise.all([
    openReceiver(receivers.origin),
    openReceiver(receivers.origin, { status: 201 }),
  ]);
  const db = await copy.databaseBefore(FIRST_NEW);
  shop = fillOldShop(db, new Date(), { webhook: webhooks.url, push: pushes.url }, device.keys);
  before = tablesOf(db);
  db.close();
  origin = await copy.start(`BETTER_AUTH_SECRET=${SECRET}\nLOG_LEVEL=warn\n`);
}, 120_000);

afterAll(async () => {
  await copy?.dispose();
  await receivers?.close();
});

test("every row is there, column by column, and ids go on from where they were", () => {
  const db = copy.snapshot();
  const after = tablesOf(db);
  expect(db.prepare("PRAGMA foreign_key_check").all()).toEqual([]);
  db.close();
  expect([before.get("tickets")?.rows.length, before.get("deliveries")?.rows.length]).toEqual([TICKETS, DELIVERIES]);
  const unfilled = [...before].filter(([, { rows }]) => rows.length === 0).map(([name]) => name);
  expect(unfilled.sort()).toEqual(EMPTY.toSorted());
  for (const [name, old] of before) {
    const now = after.get(name);
    if (!now) throw new Error(`there is no table ${name}`);
    expect(
      old.columns.filter((column) => !now.columns.includes(column)),
      name,
    ).toEqual([]);
    expect(`${name}: ${digestOf(now, old.columns, old.key)}`).toBe(`${name}: ${digestOf(old, old.columns, old.key)}`);
    if (now.given !== null) expect(now.given, name).toBe(old.given);
  }
});

test("people stay signed in and sign in as before, and a key goes on working", async () => {
  expect(await get("/api/me")).toMatchObject({ user: { email: "supervisor@old.example" } });
  expect(await get("/api/me", { "x-api-key": API_KEY })).toMatchObject({ user: { email: "technician@old.example" } });
  const signedIn = await post("/api/auth/sign-in/email", { email: "admin@old.example", password: PASSWORD });
  expect(signedIn.status).toBe(200);
});

test("200 searches find what they found, and nothing else", async () => {
  const expected = searcher();
  const found = async (q: string): Promise<number[]> => {
    const ids: number[] = [];
    // Where filters leave little, a page may be short.
    for (let cursor = ""; ids.length < PAGE; ) {
      const page = await get<{ tickets: { id: number }[]; next_cursor: string | null }>(
        `/api/tickets?limit=${PAGE}&q=${encodeURIComponent(q)}${cursor}`,
      );
      ids.push(...page.tickets.map(({ id }) => id));
      if (page.next_cursor === null) break;
      cursor = `&cursor=${encodeURIComponent(page.next_cursor)}`;
    }
    return ids.slice(0, PAGE);
  };
  let hits = 0;
  const asked = questions();
  for (let start = 0; start < asked.length; start += 10) {
    const some = asked.slice(start, start + 10).map((q) => ({ q, ids: expected(q) }));
    expect(await Promise.all(some.map(async ({ q }) => ({ q, ids: await found(q) })))).toEqual(some);
    hits += some.reduce((sum, { ids }) => sum + ids.length, 0);
  }
  expect(hits).toBeGreaterThan(2000);
}, 60_000);

test("a request that is repeated under its old key gets its old answer", async () => {
  const headers = { ...supervisor, "idempotency-key": REPEATED.key };
  const again = await post(`/api/tickets/${REPEATED.ticket}/comments`, { body: REPEATED.comment }, headers);
  expect([again.status, await again.text()]).toEqual([201, REPEATED.answer]);
});

test("the next ticket gets the next number, and is found", async () => {
  const created = await post("/api/tickets", { title: "Zwischenwelle klappert", machine_id: 4 }, supervisor);
  expect(created.status).toBe(201);
  const { ticket } = (await created.json()) as { ticket: { id: number; ticket_id: string } };
  expect(ticket.id).toBe(TICKETS + 1);
  const counter = ticket.ticket_id.slice(0, 8);
  expect(ticket.ticket_id).toBe(`${counter}-${`${(shop.counters.get(counter) ?? 0) + 1}`.padStart(4, "0")}`);
  const { tickets } = await get<{ tickets: { id: number }[] }>("/api/tickets?q=zwischen");
  expect(tickets.map(({ id }) => id)).toEqual([ticket.id]);
});

test("after one cron run all that was due has gone out, once, and nothing else has changed", async () => {
  const old = before.get("deliveries")?.rows ?? [];
  const due = [...shop.due.webhook, ...shop.due.push];
  const expected = old.map(({ id, status }) => ({ id, status: due.includes(Number(id)) ? "completed" : status }));
  const left = (status: string) => expected.filter((job) => job.status === status).length;
  expect([due.length, left("pending"), left("processing"), left("failed")]).toEqual([140, 60, 50, 200]);

  const cron = await fetch(`${origin}/cdn-cgi/handler/scheduled?cron=*+*+*+*+*`);
  expect(cron.status).toBe(200);
  await until(async () => {
    const health = await get<Record<string, number>>("/api/deliveries/health");
    return health.pending === left("pending") && health.processing === left("processing");
  }, 60_000);
  const db = copy.snapshot();
  expect(db.prepare("SELECT id, status FROM deliveries WHERE id <= ? ORDER BY id").all(DELIVERIES)).toEqual(expected);
  db.close();

  // The last one is of the ticket that was created above.
  const told = (await webhooks.requests()).map(({ headers }) => headers["webhook-id"]);
  expect(told.sort()).toEqual([...shop.due.webhook, DELIVERIES + 1].map((id) => `dlv_${id}_1`).sort());
  const buzzed = (await pushes.requests()).map((push) => (JSON.parse(device.decrypt(push)) as { id: string }).id);
  expect(buzzed.sort()).toEqual(shop.due.push.map((id) => `dlv_${id}_1`).sort());
}, 120_000);

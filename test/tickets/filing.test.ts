import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Ticket } from "../../src/tickets/schemas.ts";
import { execute, type Person, person, queryAll } from "../helpers.ts";
import { openDesk } from "./desk.ts";
import { addMachine, anew, file, found, renameMachine, SMALL } from "./small-blocks.ts";

const desk = openDesk();
let admin: Person;
let machines: number[];

const search = (q: string) => found(desk, admin, q);

beforeAll(async () => {
  admin = await person("admin");
  machines = [
    await addMachine(desk, admin, "CNC", "Haas VF-2"),
    await addMachine(desk, admin, "LAT", "Mazak Quick Turn"),
  ];
});

beforeEach(anew);

const count = async (table: string): Promise<number> =>
  (await queryAll<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`))[0]?.n ?? -1;

const create = (title: string, more: object = {}) => desk.create(admin, { title, machine_id: machines[0], ...more });
const createMany = async (...titles: string[]): Promise<Ticket[]> => {
  const tickets = [];
  for (const title of titles) tickets.push(await create(title));
  return tickets;
};

describe("a filed ticket", () => {
  test("is found by all that an unfiled one is found by", async () => {
    const [first, second] = await createMany("Électrobroche vibre n°2", "Spindle stuck", "Pump leaks", "Pump hums");
    await file();
    expect(await count("search_blocks WHERE id > 0")).toBe(1);
    const sequence = first?.ticket_id.split("-")[2] ?? "";
    for (const q of ["electrobroche", "é", "el", "ele", "elec", "vibre 2", "n", first?.ticket_id ?? "", sequence]) {
      expect([q, await search(q)]).toEqual([q, [first?.id]]);
    }
    expect(await search("spindle haas")).toEqual([second?.id]);
    for (const q of ["CNC", "cnc-1126", "CNC-1126-0", "haas", "VF-2", "vf", "ha"]) {
      expect([q, (await search(q)).length]).toEqual([q, 4]);
    }
    for (const q of ["electrobroches", "lectro", "cn", "CNC-1026", "LAT", "LAT-1126", "mazak", "pump spindle"]) {
      expect([q, await search(q)]).toEqual([q, []]);
    }
  });

  test("is found by its new words and not by its old ones, before and after it is filed again", async () => {
    const [changed, other] = await createMany("Spindle vibrates", "Spindle hums", "Pump leaks");
    await file();
    await desk.change(admin, changed?.id ?? 0, { title: "Gearbox whines", description: "Oil is black" });
    const expected = async () => {
      expect(await search("spindle")).toEqual([other?.id]);
      expect(await search("vibrates")).toEqual([]);
      for (const q of ["gearbox", "whines black", "oil haas"]) expect([q, await search(q)]).toEqual([q, [changed?.id]]);
    };
    expect(await count("search_edits")).toBe(1);
    await expected();
    await file({ ...SMALL, block: 1 });
    expect([await count("search_edits"), await count("search_blocks WHERE id > 0")]).toEqual([0, 1]);
    await expected();
  });

  test("is found by its machine's new name, and not by the old one", async () => {
    const id = await addMachine(desk, admin, "LAT", "Okuma");
    const { id: ticket } = await create("Chuck worn", { machine_id: id });
    await createMany("Door stuck", "Door open");
    await file();
    expect(await search("okuma")).toEqual([ticket]);
    await renameMachine(desk, admin, id, "Nakamura");
    expect([await search("okuma"), await search("nakamura worn")]).toEqual([[], [ticket]]);
  });

  test("is found by a word that very many machines have", async () => {
    const at = "2026-01-01T00:00:00.000Z";
    await execute(
      `INSERT INTO machines (machine_type_id, name, qr_token, search_text, created_at, updated_at)
       WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)
       SELECT 1, 'Press ' || i, printf('p%021d', i), ' press ' || i, '${at}', '${at}' FROM n`,
    );
    const presses = await queryAll<{ id: number }>(
      "SELECT id FROM machines WHERE search_text LIKE ' press %' ORDER BY id",
    );
    const tickets = [];
    for (const { id } of presses) tickets.push((await create("Ram stuck", { machine_id: id })).id);
    await create("Press fit loose");
    const fit = (await create("Cover loose", { machine_id: machines[1] })).id - 1;
    for (let run = 0; run < 10; run++) await file();
    expect((await search("press")).sort((a, b) => a - b)).toEqual([...tickets, fit]);
    expect(await search("press 40")).toEqual([tickets[39]]);
    expect(await search("press loose")).toEqual([fit]);
  });

  test("is never shown once it is deleted, before or after it was filed", async () => {
    const [first, second, third] = await createMany("Belt torn", "Belt worn", "Belt loose", "Belt slips");
    await desk.remove(admin, first?.id ?? 0);
    await file();
    await desk.remove(admin, second?.id ?? 0);
    expect(await search("belt")).toEqual([(third?.id ?? 0) + 1, third?.id]);
  });
});

describe("filing", () => {
  test("breaks off without a trace, and is made up for by the next run", async () => {
    await createMany("Pump leaks", "Pump hums", "Pump stuck", "Pump gone");
    for (const moment of ["INSERT ON search_leaves", "INSERT ON search_blocks", "DELETE ON search_edits"]) {
      await execute(`CREATE TRIGGER fault BEFORE ${moment} BEGIN SELECT RAISE(ABORT, 'injected'); END`);
      await desk.change(admin, (await search("leaks"))[0] ?? 0, { title: `Pump leaks ${moment.slice(0, 6)}` });
      const run = file();
      if (moment.startsWith("INSERT")) await expect(run).rejects.toThrow("injected");
      else await run;
      await execute("DROP TRIGGER fault");
      expect((await search("pump")).length).toBe(4);
    }
    expect(await count("search_blocks WHERE id > 0")).toBe(1);
  });

  test("breaks off between filing and merging without a trace", async () => {
    await createMany(...Array.from({ length: 6 }, (_, n) => `Pump ${n} leaks`));
    await file({ ...SMALL, largest: 3, merged: 9 });
    await createMany("Pump A leaks", "Pump B leaks", "Pump C leaks");
    await execute("CREATE TRIGGER fault BEFORE DELETE ON search_blocks BEGIN SELECT RAISE(ABORT, 'injected'); END");
    await expect(file({ ...SMALL, largest: 30 })).rejects.toThrow("injected");
    await execute("DROP TRIGGER fault");
    expect([await count("search_blocks WHERE id > 0"), (await search("pump leaks")).length]).toEqual([3, 9]);
    await createMany("Pump D leaks", "Pump E leaks", "Pump F leaks");
    await file({ ...SMALL, largest: 30 });
    expect([await count("search_blocks WHERE id > 0"), (await search("pump leaks")).length]).toEqual([2, 12]);
  });

  test("by several runs at once files and merges each block once", async () => {
    for (let round = 0; round < 6; round++) {
      await createMany("Pump leaks", "Pump hums", "Pump stuck");
      await Promise.all([file(), file(), file()]);
      expect((await search("pump")).length).toBe(3 * (round + 1));
    }
    const filed = await queryAll<{ level: number; up_to: number }>(
      "SELECT level, up_to FROM search_blocks WHERE id > 0 ORDER BY id",
    );
    expect(filed.length).toBeLessThanOrEqual(5);
    const slots = await queryAll<{ entries: string }>(
      "SELECT entries FROM search_leaves WHERE entries LIKE '%;pump=%'",
    );
    const masks = slots.flatMap(({ entries }) => /;pump=([^;]*)/.exec(entries)?.[1]?.split(",") ?? []);
    const bits = masks.flatMap((pair) => {
      const [slot = 0, mask = 0] = pair.split(":").map(Number);
      return Array.from({ length: 32 }, (_, bit) => bit)
        .filter((bit) => (mask >>> bit) & 1)
        .map((bit) => slot * 32 + bit);
    });
    expect(new Set(bits).size).toBe(bits.length);
    expect(bits.length).toBe(18);
  });
});

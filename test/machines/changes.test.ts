import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { countedDatabase } from "../deliveries/counted-database.ts";
import { bindings, execute, type Person, person, queryAll, startApp } from "../helpers.ts";
import { expectProblem } from "../problems.ts";
import { addMachine, patchMachine, ticketRow } from "./api.ts";

const app = startApp();
let supervisor: Person;

beforeAll(async () => {
  supervisor = await person("supervisor");
});

describe("a change of a machine", () => {
  test.each([{ name: "Renamed" }, { status: "maintenance" }, { machine_type: "CNC" }, {}])(
    "to %j takes two trips to the database",
    async (body) => {
      const { id } = await addMachine(app, supervisor);
      const { database, take } = countedDatabase(env.DB);
      const counted = startApp(undefined, bindings({ DB: database }));
      expect((await patchMachine(counted, supervisor, id, {})).status).toBe(200);
      take();
      expect((await patchMachine(counted, supervisor, id, body)).status).toBe(200);
      expect(take().trips).toBe(2);
    },
  );

  test("by whoever has been signed out since they were last seen is refused", async () => {
    const gone = await person("supervisor");
    const { id } = await addMachine(app, gone);
    expect((await patchMachine(app, gone, id, { name: "Mine" })).status).toBe(200);
    await execute(`DELETE FROM sessions WHERE user_id = ${gone.id}`);
    await expectProblem(await patchMachine(app, gone, id, { name: "Still mine" }), 401, "unauthorized");
    expect(await queryAll("SELECT name FROM machines WHERE id = ?", id)).toEqual([{ name: "Mine" }]);
    await expectProblem(await patchMachine(app, gone, 99999, {}), 401, "unauthorized");
  });

  test("against open tickets is answered with the oldest twenty that hold it", async () => {
    const { id } = await addMachine(app, supervisor);
    for (let count = 0; count < 22; count++) await ticketRow(id, supervisor, { down: 1 });
    await ticketRow(id, supervisor);
    const numbers = await queryAll<{ ticket_id: string }>(
      "SELECT ticket_id FROM tickets WHERE machine_id = ? AND is_machine_down = 1 ORDER BY id LIMIT 20",
      id,
    );
    const answer = await patchMachine(app, supervisor, id, { status: "operational" });
    const problem = await expectProblem(answer, 409, "machine_is_down");
    expect(problem).toMatchObject({ tickets: numbers.map(({ ticket_id }) => ticket_id) });
  });
});

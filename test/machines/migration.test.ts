import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";

const FILE = env.MIGRATIONS.findIndex(({ name }) => name.endsWith("_machine_states.sql"));
const AT = "2025-03-01T09:00:00.000Z";

const rows = async (sql: string) => (await env.EMPTY_DB.prepare(sql).all()).results;

test("machines that are not in service get a cause from what their open tickets say", async () => {
  await applyD1Migrations(env.EMPTY_DB, env.MIGRATIONS.slice(0, FILE));
  const machine = (id: number, status: string) =>
    `INSERT INTO machines (id, machine_type_id, name, status, qr_token, created_at, updated_at)
     VALUES (${id}, 1, 'Machine', '${status}', '${String(id).padStart(22, "q")}', '${AT}', '${AT}')`;
  const ticket = (machineId: number, down: number, status: string) =>
    `INSERT INTO tickets (ticket_id, title, machine_id, machine_type_id, reported_by, reporter_name, status, is_machine_down,
                          reported_at, created_at, updated_at, completed_at)
     VALUES ('CNC-0325-${String(machineId).padStart(4, "0")}', 'Stopped', ${machineId}, 1, 1, 'Tara', '${status}', ${down},
             '${AT}', '${AT}', '${AT}', ${status === "completed" ? `'${AT}'` : "NULL"})`;
  await env.EMPTY_DB.batch(
    [
      `INSERT INTO users (name, email, created_at, updated_at) VALUES ('Tara', 'tara@shop.example', '${AT}', '${AT}')`,
      `INSERT INTO machine_types (code, name, created_at, updated_at) VALUES ('CNC', 'CNC', '${AT}', '${AT}')`,
      machine(1, "operational"),
      machine(2, "maintenance"),
      machine(3, "out_of_service"),
      machine(4, "out_of_service"),
      machine(5, "out_of_service"),
      machine(6, "maintenance"),
      ticket(4, 1, "received"),
      ticket(5, 1, "completed"),
      ticket(6, 1, "in_progress"),
    ].map((sql) => env.EMPTY_DB.prepare(sql)),
  );
  await applyD1Migrations(env.EMPTY_DB, env.MIGRATIONS);
  expect(await rows("SELECT id, status, set_status, status_cause FROM machines ORDER BY id")).toEqual([
    { id: 1, status: "operational", set_status: null, status_cause: null },
    { id: 2, status: "maintenance", set_status: "maintenance", status_cause: "person" },
    { id: 3, status: "out_of_service", set_status: "out_of_service", status_cause: "person" },
    { id: 4, status: "out_of_service", set_status: null, status_cause: "tickets" },
    { id: 5, status: "out_of_service", set_status: "out_of_service", status_cause: "person" },
    { id: 6, status: "out_of_service", set_status: "maintenance", status_cause: "tickets" },
  ]);
});

import { expect, test } from "vitest";
import { machine, person, send, startApp } from "../helpers.ts";

test("a technician's ticket gets the month's first number", async () => {
  const app = startApp({ now: () => new Date("2026-11-20T15:04:05.123Z") });
  const technician = await person("technician");
  const machine_id = await machine("CNC");
  const response = await app.request("/api/tickets", send(technician, { title: "Spindle vibrates", machine_id }));
  expect(response.status).toBe(201);
  expect(response.headers.get("location")).toBe("/api/tickets/CNC-1126-0001");
});

import { OpenAPIHono, type z } from "@hono/zod-openapi";
import type { AppEnv } from "../context.ts";
import { sendAnswer, sendConditional } from "../http/answer.ts";
import { linkHeader } from "../http/cursor.ts";
import { bodyEtag } from "../http/etag.ts";
import { idempotencyRecord } from "../http/idempotency.ts";
import { IdParam } from "../http/schemas.ts";
import { file, json } from "../openapi/answers.ts";
import { defineRoute } from "../route.ts";
import { createMachine, getMachine, listMachines } from "./machines.ts";
import { machineQrCode } from "./qr.ts";
import { removeMachine } from "./remove.ts";
import {
  CreateMachineInput,
  CreateMachineTypeInput,
  MachineListOutput,
  MachineListQuery,
  MachineOutput,
  MachineTimelineOutput,
  MachineTypeListOutput,
  MachineTypeOutput,
  PageQuery,
  UpdateMachineInput,
  UpdateMachineTypeInput,
} from "./schemas.ts";
import { listMachineTimeline } from "./timeline.ts";
import { createMachineType, listMachineTypes, updateMachineType } from "./types.ts";
import { updateMachine } from "./update.ts";

const list = defineRoute({
  method: "get",
  path: "/",
  tag: "Machines",
  operationId: "listMachines",
  summary: "List the machines in use",
  description: "In the order in which they were added, without retired ones.",
  permission: "machines:read",
  query: MachineListQuery,
  conditional: true,
  answers: { 200: json(MachineListOutput, "A page") },
});

const create = defineRoute({
  method: "post",
  path: "/",
  tag: "Machines",
  operationId: "createMachine",
  summary: "Add a machine",
  description: "It gets a `qr_token` of its own, for its label.",
  permission: "machines:manage",
  body: CreateMachineInput,
  idempotent: true,
  answers: { 201: json(MachineOutput, "Added") },
  problems: ["machine_type_not_found", "serial_number_taken"],
});

const get = defineRoute({
  method: "get",
  path: "/{id}",
  tag: "Machines",
  operationId: "getMachine",
  summary: "One machine, also when it is retired",
  description: "With its state, and who or what caused it.",
  permission: "machines:read",
  params: IdParam,
  answers: { 200: json(MachineOutput, "The machine") },
  problems: ["machine_not_found"],
});

const update = defineRoute({
  method: "patch",
  path: "/{id}",
  tag: "Machines",
  operationId: "updateMachine",
  summary: "Change a machine",
  description:
    "Only the members that are sent change; null clears. A status that a person has set stays until a person lifts it.",
  permission: "machines:manage",
  // The session is checked with the reading, so that a change is two round trips.
  params: IdParam,
  body: UpdateMachineInput,
  idempotent: true,
  answers: { 200: json(MachineOutput, "Changed") },
  problems: [
    "machine_not_found",
    "machine_type_not_found",
    "machine_has_tickets",
    "machine_is_down",
    "serial_number_taken",
  ],
});

const remove = defineRoute({
  method: "delete",
  path: "/{id}",
  tag: "Machines",
  operationId: "deleteMachine",
  summary: "Take a machine out of use",
  description: "A machine with tickets is retired and keeps its history; one without tickets is erased.",
  permission: "machines:manage",
  params: IdParam,
  answers: { 204: { description: "Out of use" } },
  problems: ["machine_not_found"],
});

const timeline = defineRoute({
  method: "get",
  path: "/{id}/timeline",
  tag: "Machines",
  operationId: "listMachineTimeline",
  summary: "What became of a machine's state, newest first: who, when and why",
  description: "Each change of the state is one entry. Nothing changes or removes an entry.",
  permission: "machines:read",
  params: IdParam,
  query: PageQuery,
  answers: { 200: json(MachineTimelineOutput, "A page") },
  problems: ["machine_not_found"],
});

const qrCode = defineRoute({
  method: "get",
  path: "/{id}/qr.svg",
  tag: "Machines",
  operationId: "getMachineQrCode",
  summary: "The machine's QR code, to print and stick on",
  description: "It holds `<origin>/m/<qr_token>`, which opens the web app on a new ticket for this machine.",
  permission: "machines:read",
  params: IdParam,
  answers: { 200: file("image/svg+xml", "The code") },
  problems: ["machine_not_found"],
});

// An SVG opened on its own is a document of this origin: it may load and run nothing.
const SVG_HEADERS = {
  "content-type": "image/svg+xml",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
  "x-content-type-options": "nosniff",
};

export const machineRoutes = new OpenAPIHono<AppEnv>()
  .openapi(list, async (c) => {
    const page = await listMachines(c.get("ctx"), c.req.valid("query"));
    const body = JSON.stringify(page);
    const headers = { etag: bodyEtag(body), ...linkHeader(c.req.url, page.next_cursor) };
    return sendConditional<z.output<typeof MachineListOutput>>(c, body, headers);
  })
  .openapi(create, async (c) => {
    const input = c.req.valid("json");
    const answer = await createMachine(c.get("actorCtx"), input, idempotencyRecord(c, input));
    return sendAnswer<z.output<typeof MachineOutput>, 201>(c, answer);
  })
  .openapi(get, async (c) => {
    const machine = await getMachine(c.get("ctx"), c.req.valid("param").id);
    return c.json({ machine }, 200);
  })
  .openapi(update, async (c) => {
    const input = c.req.valid("json");
    const { id } = c.req.valid("param");
    const answer = await updateMachine(c.get("actorCtx"), id, input, idempotencyRecord(c, input));
    return sendAnswer<z.output<typeof MachineOutput>, 200>(c, answer);
  })
  .openapi(remove, async (c) => {
    await removeMachine(c.get("ctx"), c.req.valid("param").id);
    return c.body(null, 204);
  })
  .openapi(timeline, async (c) => {
    const page = await listMachineTimeline(c.get("ctx"), c.req.valid("param").id, c.req.valid("query"));
    return c.json(page, 200, linkHeader(c.req.url, page.next_cursor));
  })
  .openapi(qrCode, async (c) => {
    const svg = await machineQrCode(c.get("ctx"), c.req.valid("param").id, new URL(c.req.url).origin);
    return c.body(svg, 200, SVG_HEADERS);
  });

const listTypes = defineRoute({
  method: "get",
  path: "/",
  tag: "Machines",
  operationId: "listMachineTypes",
  summary: "List machine types",
  description: "By code.",
  permission: "machines:read",
  query: PageQuery,
  answers: { 200: json(MachineTypeListOutput, "A page") },
});

const createType = defineRoute({
  method: "post",
  path: "/",
  tag: "Machines",
  operationId: "createMachineType",
  summary: "Add a machine type",
  description: "Its code becomes the prefix of the ticket numbers of its machines.",
  permission: "machines:manage",
  body: CreateMachineTypeInput,
  idempotent: true,
  answers: { 201: json(MachineTypeOutput, "Added") },
  problems: ["machine_type_code_taken", "too_many"],
});

const updateType = defineRoute({
  method: "patch",
  path: "/{id}",
  tag: "Machines",
  operationId: "updateMachineType",
  summary: "Change a machine type",
  description: "Another code concerns tickets to come: the numbers of those that exist stay.",
  permission: "machines:manage",
  params: IdParam,
  body: UpdateMachineTypeInput,
  idempotent: true,
  answers: { 200: json(MachineTypeOutput, "Changed") },
  problems: ["machine_type_not_found", "machine_type_code_taken"],
});

export const machineTypeRoutes = new OpenAPIHono<AppEnv>()
  .openapi(listTypes, async (c) => {
    const page = await listMachineTypes(c.get("ctx"), c.req.valid("query"));
    return c.json(page, 200, linkHeader(c.req.url, page.next_cursor));
  })
  .openapi(createType, async (c) => {
    const input = c.req.valid("json");
    const answer = await createMachineType(c.get("actorCtx"), input, idempotencyRecord(c, input));
    return sendAnswer<z.output<typeof MachineTypeOutput>, 201>(c, answer);
  })
  .openapi(updateType, async (c) => {
    const input = c.req.valid("json");
    const { id } = c.req.valid("param");
    const answer = await updateMachineType(c.get("actorCtx"), id, input, idempotencyRecord(c, input));
    return sendAnswer<z.output<typeof MachineTypeOutput>, 200>(c, answer);
  });

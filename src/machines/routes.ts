import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { requires } from "../auth/guard.ts";
import type { AppEnv } from "../context.ts";
import { linkHeader } from "../http/cursor.ts";
import { jsonBody } from "../http/json-body.ts";
import { IdParam, json, jsonRequest, problems } from "../http/schemas.ts";
import { createMachine, getMachine, listMachines } from "./machines.ts";
import { machineQrCode } from "./qr.ts";
import { removeMachine } from "./remove.ts";
import {
  CreateMachineInput,
  CreateMachineTypeInput,
  MachineListOutput,
  MachineListQuery,
  MachineOutput,
  MachineTypeListOutput,
  MachineTypeOutput,
  PageQuery,
  UpdateMachineInput,
  UpdateMachineTypeInput,
} from "./schemas.ts";
import { createMachineType, listMachineTypes, updateMachineType } from "./types.ts";
import { updateMachine } from "./update.ts";

const tags = ["Machines"];
const writeProblems = [
  "invalid_json",
  "validation_failed",
  "unauthorized",
  "forbidden",
  "unsupported_media_type",
] as const;

const list = createRoute({
  method: "get",
  path: "/",
  tags,
  summary: "List the machines in use",
  middleware: [requires("machines:read")],
  request: { query: MachineListQuery },
  responses: {
    200: json(MachineListOutput, "A page"),
    ...problems("validation_failed", "invalid_cursor", "unauthorized"),
  },
});

const create = createRoute({
  method: "post",
  path: "/",
  tags,
  summary: "Add a machine",
  middleware: [requires("machines:manage"), jsonBody],
  request: { body: jsonRequest(CreateMachineInput) },
  responses: {
    201: json(MachineOutput, "Added"),
    ...problems(...writeProblems, "machine_type_not_found", "serial_number_taken"),
  },
});

const get = createRoute({
  method: "get",
  path: "/{id}",
  tags,
  summary: "One machine, also when it is retired",
  middleware: [requires("machines:read")],
  request: { params: IdParam },
  responses: {
    200: json(MachineOutput, "The machine"),
    ...problems("validation_failed", "unauthorized", "machine_not_found"),
  },
});

const update = createRoute({
  method: "patch",
  path: "/{id}",
  tags,
  summary: "Change a machine",
  middleware: [requires("machines:manage"), jsonBody],
  request: { params: IdParam, body: jsonRequest(UpdateMachineInput) },
  responses: {
    200: json(MachineOutput, "Changed"),
    ...problems(
      ...writeProblems,
      "machine_not_found",
      "machine_type_not_found",
      "machine_has_tickets",
      "machine_is_down",
      "serial_number_taken",
      "database_unavailable",
    ),
  },
});

const remove = createRoute({
  method: "delete",
  path: "/{id}",
  tags,
  summary: "Take a machine out of use",
  description: "A machine with tickets is retired and keeps its history; one without tickets is erased.",
  middleware: [requires("machines:manage")],
  request: { params: IdParam },
  responses: {
    204: { description: "Out of use" },
    ...problems("validation_failed", "unauthorized", "forbidden", "machine_not_found"),
  },
});

const qrCode = createRoute({
  method: "get",
  path: "/{id}/qr.svg",
  tags,
  summary: "The machine's QR code, to print and stick on",
  description: "It holds `<origin>/m/<qr_token>`, which opens the web app on a new ticket for this machine.",
  middleware: [requires("machines:read")],
  request: { params: IdParam },
  responses: {
    200: { description: "The code", content: { "image/svg+xml": { schema: z.string() } } },
    ...problems("validation_failed", "unauthorized", "machine_not_found"),
  },
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
    return c.json(page, 200, linkHeader(c.req.url, page.next_cursor));
  })
  .openapi(create, async (c) => {
    const machine = await createMachine(c.get("ctx"), c.req.valid("json"));
    return c.json({ machine }, 201);
  })
  .openapi(get, async (c) => {
    const machine = await getMachine(c.get("ctx"), c.req.valid("param").id);
    return c.json({ machine }, 200);
  })
  .openapi(update, async (c) => {
    const machine = await updateMachine(c.get("ctx"), c.req.valid("param").id, c.req.valid("json"));
    return c.json({ machine }, 200);
  })
  .openapi(remove, async (c) => {
    await removeMachine(c.get("ctx"), c.req.valid("param").id);
    return c.body(null, 204);
  })
  .openapi(qrCode, async (c) => {
    const svg = await machineQrCode(c.get("ctx"), c.req.valid("param").id, new URL(c.req.url).origin);
    return c.body(svg, 200, SVG_HEADERS);
  });

const listTypes = createRoute({
  method: "get",
  path: "/",
  tags,
  summary: "List machine types",
  middleware: [requires("machines:read")],
  request: { query: PageQuery },
  responses: { 200: json(MachineTypeListOutput, "A page"), ...problems("invalid_cursor", "unauthorized") },
});

const createType = createRoute({
  method: "post",
  path: "/",
  tags,
  summary: "Add a machine type",
  description: "Its code becomes the prefix of the ticket numbers of its machines.",
  middleware: [requires("machines:manage"), jsonBody],
  request: { body: jsonRequest(CreateMachineTypeInput) },
  responses: {
    201: json(MachineTypeOutput, "Added"),
    ...problems(...writeProblems, "machine_type_code_taken"),
  },
});

const updateType = createRoute({
  method: "patch",
  path: "/{id}",
  tags,
  summary: "Change a machine type",
  middleware: [requires("machines:manage"), jsonBody],
  request: { params: IdParam, body: jsonRequest(UpdateMachineTypeInput) },
  responses: {
    200: json(MachineTypeOutput, "Changed"),
    ...problems(...writeProblems, "machine_type_not_found", "machine_type_code_taken"),
  },
});

export const machineTypeRoutes = new OpenAPIHono<AppEnv>()
  .openapi(listTypes, async (c) => {
    const page = await listMachineTypes(c.get("ctx"), c.req.valid("query"));
    return c.json(page, 200, linkHeader(c.req.url, page.next_cursor));
  })
  .openapi(createType, async (c) => {
    const machine_type = await createMachineType(c.get("ctx"), c.req.valid("json"));
    return c.json({ machine_type }, 201);
  })
  .openapi(updateType, async (c) => {
    const machine_type = await updateMachineType(c.get("ctx"), c.req.valid("param").id, c.req.valid("json"));
    return c.json({ machine_type }, 200);
  });

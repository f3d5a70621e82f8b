import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { requires } from "../auth/guard.ts";
import type { AppEnv } from "../context.ts";
import { linkHeader } from "../http/cursor.ts";
import { jsonBody } from "../http/json-body.ts";
import { IdParam, json, jsonRequest, problems } from "../http/schemas.ts";
import { createMachine, listMachines } from "./machines.ts";
import {
  CreateMachineInput,
  CreateMachineTypeInput,
  MachineListOutput,
  MachineOutput,
  MachineTypeListOutput,
  MachineTypeOutput,
  PageQuery,
  UpdateMachineTypeInput,
} from "./schemas.ts";
import { createMachineType, listMachineTypes, updateMachineType } from "./types.ts";

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
  request: { query: PageQuery },
  responses: { 200: json(MachineListOutput, "A page"), ...problems("invalid_cursor", "unauthorized") },
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

export const machineRoutes = new OpenAPIHono<AppEnv>()
  .openapi(list, async (c) => {
    const page = await listMachines(c.get("ctx"), c.req.valid("query"));
    return c.json(page, 200, linkHeader(c.req.url, page.next_cursor));
  })
  .openapi(create, async (c) => {
    const machine = await createMachine(c.get("ctx"), c.req.valid("json"));
    return c.json({ machine }, 201);
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

import { z } from "@hono/zod-openapi";
import { PAGE_MAX, pageQuery } from "../http/cursor.ts";
import { id, instant, nullableText, optionalText, text } from "../http/schemas.ts";
import { MACHINE_STATUSES, SET_STATUSES, STATUS_CAUSES } from "../vocabulary/machines.ts";

export const machineTypeCode = z
  .string()
  .regex(/^[A-Z]{2,6}$/, "must be 2 to 6 capital letters")
  .openapi({ example: "CNC" });

export const MachineType = z
  .object({ id, code: machineTypeCode, name: z.string(), created_at: instant, updated_at: instant })
  .openapi("MachineType");

export const CreateMachineTypeInput = z
  .object({ code: machineTypeCode, name: text(1, 100).openapi({ example: "CNC machining centre" }) })
  .openapi("CreateMachineTypeInput");
export const UpdateMachineTypeInput = CreateMachineTypeInput.partial().openapi("UpdateMachineTypeInput");

export const MachineTypeOutput = z.object({ machine_type: MachineType }).openapi("MachineTypeOutput");
export const MachineTypeListOutput = z
  .object({ machine_types: z.array(MachineType).max(PAGE_MAX), next_cursor: z.string().nullable() })
  .openapi("MachineTypeListOutput");

export const Machine = z
  .object({
    id,
    machine_type: machineTypeCode,
    name: z.string(),
    model: z.string().nullable(),
    serial_number: z.string().nullable(),
    location: z.string().nullable(),
    status: z.enum(MACHINE_STATUSES),
    status_cause: z
      .enum(STATUS_CAUSES)
      .nullable()
      .openapi({ description: "Whose word it is that the machine is not operational: only that cause lifts it." }),
    status_since: instant.nullable().openapi({ description: "null: since before it was kept." }),
    set_status: z.enum(SET_STATUSES).nullable().openapi({
      description: "What a person has set by hand. It stays, whatever tickets say, until a person lifts it.",
    }),
    set_by: id.nullable(),
    set_reason: z.string().nullable(),
    qr_token: z.string().openapi({ description: "`/m/<qr_token>` opens a new ticket for this machine." }),
    created_at: instant,
    updated_at: instant,
    retired_at: instant.nullable(),
  })
  .openapi("Machine");

export const CreateMachineInput = z
  .object({
    machine_type: machineTypeCode,
    name: text(1, 100).openapi({ example: "Haas VF-2" }),
    model: optionalText(100),
    serial_number: optionalText(100),
    location: optionalText(200),
    status: z.enum(MACHINE_STATUSES).default("operational"),
    status_reason: optionalText(500),
  })
  .openapi("CreateMachineInput", {
    example: {
      machine_type: "CNC",
      name: "Lathe 3",
      model: "NLX 2500",
      serial_number: "NL251-0418",
      location: "Hall B",
    },
  });
export type CreateMachineInput = z.output<typeof CreateMachineInput>;

export const UpdateMachineInput = z
  .object({
    machine_type: machineTypeCode.optional().openapi({ description: "Only while the machine has no ticket." }),
    name: text(1, 100).optional(),
    model: nullableText(100).optional(),
    serial_number: nullableText(100).optional(),
    location: nullableText(200).optional(),
    status: z
      .enum(MACHINE_STATUSES)
      .optional()
      .openapi({ description: "Stays `out_of_service` while an open ticket says that the machine is down." }),
    status_reason: optionalText(500).openapi({ description: "Why the status is set: for the machine's timeline." }),
  })
  .openapi("UpdateMachineInput", { example: { status: "out_of_service", status_reason: "Guard door switch bridged" } });
export type UpdateMachineInput = z.output<typeof UpdateMachineInput>;

export const MachineOutput = z.object({ machine: Machine }).openapi("MachineOutput");
export const MachineListOutput = z
  .object({ machines: z.array(Machine).max(PAGE_MAX), next_cursor: z.string().nullable() })
  .openapi("MachineListOutput");

export const MachineEntry = z
  .object({
    id,
    machine_id: id,
    user_id: id,
    user_name: z.string(),
    action: z.literal("status_changed"),
    old_value: z.enum(MACHINE_STATUSES),
    new_value: z.enum(MACHINE_STATUSES),
    cause: z.enum(STATUS_CAUSES),
    ticket_id: z
      .string()
      .nullable()
      .openapi({ example: "CNC-1126-0001", description: "The ticket that was the reason." }),
    comment: z.string().nullable(),
    created_at: instant,
  })
  .openapi("MachineEntry");
export type MachineEntry = z.output<typeof MachineEntry>;

export const MachineTimelineOutput = z
  .object({ timeline: z.array(MachineEntry).max(PAGE_MAX), next_cursor: z.string().nullable() })
  .openapi("MachineTimelineOutput");

export const PageQuery = z.object(pageQuery);

export const MachineListQuery = z.object({
  ...pageQuery,
  status: z.enum(MACHINE_STATUSES).optional(),
  machine_type: machineTypeCode.optional(),
  q: text(0, 100)
    .optional()
    .openapi({ description: "Beginnings of words of name, model and serial number; case and accents do not matter." }),
});
export type MachineListQuery = z.output<typeof MachineListQuery>;

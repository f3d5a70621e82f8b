import { z } from "@hono/zod-openapi";
import { PASSWORD_LENGTH } from "../auth/password-rules.ts";
import { PAGE_MAX, pageQuery } from "../http/cursor.ts";
import { emailAddress, exactText, id, instant, text } from "../http/schemas.ts";
import { SignedInUser } from "../sessions/schemas.ts";
import { LOCALES } from "../vocabulary/locales.ts";
import { ROLES } from "../vocabulary/roles.ts";

export const User = z
  .object({
    id,
    name: z.string(),
    email: z.string().openapi({ format: "email" }),
    role: z.enum(ROLES),
    language: z.enum(LOCALES).nullable(),
    active: z.boolean(),
    created_at: instant,
    updated_at: instant,
  })
  .openapi("User");

const name = text(1, 100);
const language = z.enum(LOCALES).nullable();
/** A new password: its shape. Whether it will do is for `passwordFlaw` to say. */
const password = exactText(PASSWORD_LENGTH.min, PASSWORD_LENGTH.max);

export const CreateUserInput = z
  .object({
    email: emailAddress.openapi({ example: "tara@shopfloor.example" }),
    name: name.openapi({ example: "Tara Technician" }),
    role: z.enum(ROLES),
    password,
    language: language.default(null),
  })
  .openapi("CreateUserInput", {
    example: {
      name: "Marie Tremblay",
      email: "marie@shop.example",
      role: "technician",
      password: "seven-spindles-turn",
      language: "fr",
    },
  });
export type CreateUserInput = z.output<typeof CreateUserInput>;

export const UpdateUserInput = z
  .object({ name, role: z.enum(ROLES), active: z.boolean(), password, language })
  .partial()
  .openapi("UpdateUserInput", { example: { role: "supervisor" } });
export type UpdateUserInput = z.output<typeof UpdateUserInput>;

export const UpdateMeInput = z
  .object({
    name,
    language,
    current_password: exactText(0, PASSWORD_LENGTH.max).openapi({ description: "Needed to set a password." }),
    password,
  })
  .partial()
  .openapi("UpdateMeInput", { example: { language: "fr" } });
export type UpdateMeInput = z.output<typeof UpdateMeInput>;

export const UserListQuery = z.object({
  ...pageQuery,
  role: z.enum(ROLES).optional(),
  active: z
    .enum(["true", "false"])
    .transform((value) => value === "true")
    .optional()
    .openapi({ type: "boolean" }),
  q: text(0, 100)
    .optional()
    .openapi({ description: "Parts of the name or e-mail address; case and accents do not matter." }),
});
export type UserListQuery = z.output<typeof UserListQuery>;

export const UserOutput = z.object({ user: User }).openapi("UserOutput");
export const UserListOutput = z
  .object({ users: z.array(User).max(PAGE_MAX), next_cursor: z.string().nullable() })
  .openapi("UserListOutput");
/** People that can be assigned, on one page: more than a shop gives work to. */
export const ASSIGNABLE_MAX = 500;
export const AssignableUser = User.pick({ id: true, name: true, role: true }).openapi("AssignableUser");
export type AssignableUser = z.output<typeof AssignableUser>;
export const AssignableListOutput = z
  .object({
    users: z.array(AssignableUser).max(ASSIGNABLE_MAX),
    next_cursor: z.null(),
  })
  .openapi("AssignableListOutput");
export const MeOutput = z.object({ user: SignedInUser }).openapi("MeOutput");

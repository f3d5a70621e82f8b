import { z } from "@hono/zod-openapi";
import { id, instant } from "../http/schemas.ts";
import { LOCALES } from "../problem.ts";
import { ROLES } from "./roles.ts";

export const SignInInput = z
  .object({
    email: z.email().max(254).openapi({ example: "technician@shopfloor.example" }),
    password: z.string().min(1).max(128).openapi({ example: "shopfloor-demo" }),
  })
  .openapi("SignInInput");

export const SignedInUser = z
  .object({
    id,
    name: z.string(),
    email: z.string(),
    role: z.enum(ROLES),
    language: z.enum(LOCALES).nullable(),
  })
  .openapi("SignedInUser");

export const SignInOutput = z
  .object({
    token: z.string().openapi({ description: "Send it as `Authorization: Bearer <token>`." }),
    user: SignedInUser,
  })
  .openapi("SignInOutput");

export const SessionOutput = z
  .object({ session: z.object({ id, expires_at: instant }), user: SignedInUser })
  .nullable()
  .openapi("SessionOutput", { description: "null when nobody is signed in." });

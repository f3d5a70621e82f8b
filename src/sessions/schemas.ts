import { z } from "@hono/zod-openapi";
import { PASSWORD_LENGTH } from "../auth/password-rules.ts";
import { EMAIL_FORMAT, exactText, id, instant, isEmail } from "../http/schemas.ts";
import { LOCALES } from "../vocabulary/locales.ts";
import { ROLES } from "../vocabulary/roles.ts";

export const SignInInput = z
  .object({
    email: z
      .string()
      .refine(isEmail, "must be an e-mail address")
      .openapi({ ...EMAIL_FORMAT, example: "technician@shopfloor.example" }),
    password: exactText(1, PASSWORD_LENGTH.max).openapi({ example: "shopfloor-demo" }),
  })
  .openapi("SignInInput");

export const SignedInUser = z
  .object({
    id,
    name: z.string(),
    email: z.string().openapi({ format: "email" }),
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

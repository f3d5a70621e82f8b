import { z } from "@hono/zod-openapi";
import { PAGE_MAX } from "../http/cursor.ts";
import { id, instant, text } from "../http/schemas.ts";

export const ApiKey = z
  .object({
    id,
    name: z.string().nullable(),
    start: z.string().nullable().openapi({ description: "The key's first characters, to recognise it by." }),
    user_id: id.openapi({ description: "The key acts as this user, with this user's role." }),
    expires_at: instant.nullable(),
    last_request: instant.nullable(),
    created_at: instant,
  })
  .openapi("ApiKey");

export const CreateApiKeyInput = z
  .object({
    name: text(1, 32).openapi({ example: "ERP import" }),
    user_id: id,
    expires_in_days: z.int().min(1).max(365).optional(),
  })
  .openapi("CreateApiKeyInput");
export type CreateApiKeyInput = z.output<typeof CreateApiKeyInput>;

export const CreatedApiKeyOutput = z
  .object({ api_key: ApiKey.extend({ key: z.string().openapi({ description: "Shown this once." }) }) })
  .openapi("CreatedApiKeyOutput");

export const ApiKeyListOutput = z
  .object({ api_keys: z.array(ApiKey).max(PAGE_MAX), next_cursor: z.string().nullable() })
  .openapi("ApiKeyListOutput");

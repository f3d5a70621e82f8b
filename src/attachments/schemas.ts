import { z } from "@hono/zod-openapi";
import { PAGE_MAX } from "../http/cursor.ts";
import { count, id, instant } from "../http/schemas.ts";

export const Attachment = z
  .object({
    id,
    ticket_id: id.openapi({ description: "The ticket's `id`, not its number." }),
    user_id: id,
    file_name: z.string().openapi({ example: "spindle.jpg" }),
    content_type: z.string().openapi({ example: "image/jpeg", description: "By content, whatever the sender said." }),
    size_bytes: count,
    sha256: z.string().openapi({ description: "Hexadecimal." }),
    url: z.string().openapi({ format: "uri-reference", example: "/api/attachments/7" }),
    thumbnail_url: z
      .string()
      .nullable()
      .openapi({ format: "uri-reference", example: "/api/attachments/7/thumbnail", description: "null: it has none." }),
    width: id.nullable().openapi({ description: "Of a picture, in pixels, as its sender says." }),
    height: id.nullable(),
    created_at: instant,
  })
  .openapi("Attachment");
export type Attachment = z.output<typeof Attachment>;

/** A width or height in pixels, in a part of a form. */
export const pixels = z
  .string()
  .regex(/^[1-9][0-9]{0,4}$/, "must be a number of pixels")
  .transform(Number)
  .optional();

export const AttachmentOutput = z.object({ attachment: Attachment }).openapi("AttachmentOutput");
export type AttachmentOutput = z.output<typeof AttachmentOutput>;

export const AttachmentListOutput = z
  .object({ attachments: z.array(Attachment).max(PAGE_MAX), next_cursor: z.string().nullable() })
  .openapi("AttachmentListOutput");

import { expect, test } from "vitest";
import { startApp } from "../helpers.ts";

interface Operation {
  requestBody?: { required?: boolean; content: Record<string, unknown> };
  responses: Record<string, { content?: Record<string, unknown> }>;
}

const response = await startApp().request("/api/openapi.json");
const { paths } = (await response.json()) as { paths: Record<string, Record<string, Operation>> };

test("files are documented as what they are, in and out", () => {
  const attach = paths["/api/tickets/{ref}/attachments"]?.post;
  expect(attach?.requestBody).toEqual({
    required: true,
    content: {
      "multipart/form-data": {
        schema: {
          type: "object",
          required: ["file"],
          properties: {
            file: { type: "string", contentMediaType: "application/octet-stream" },
            thumbnail: { type: "string", contentMediaType: "application/octet-stream" },
            width: { type: "integer", minimum: 1, maximum: 99_999 },
            height: { type: "integer", minimum: 1, maximum: 99_999 },
            occurred_at: { type: "string", format: "date-time", maxLength: 100 },
          },
        },
      },
    },
  });
  expect(Object.keys(attach?.responses ?? {})).toEqual(expect.arrayContaining(["201", "413", "415", "422", "503"]));
  const download = paths["/api/attachments/{id}"]?.get;
  expect(Object.keys(download?.responses ?? {})).toEqual(expect.arrayContaining(["200", "206", "304", "404", "416"]));
  expect(Object.keys(download?.responses[206]?.content ?? {})).toEqual(["*/*"]);
  expect(Object.keys(paths["/api/tickets.csv"]?.get?.responses[200]?.content ?? {})).toEqual(["text/csv"]);
  expect(Object.keys(paths["/api/tickets/import"]?.post?.requestBody?.content ?? {})).toEqual(["text/csv"]);
});

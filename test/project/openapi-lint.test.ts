import { expect, test } from "vitest";
import { lintDocument, servedDocument } from "../../scripts/lib/openapi.ts";

test("the document has no fault by Redocly's recommended rules", async () => {
  expect(await lintDocument(servedDocument())).toEqual([]);
});

test("what those rules find is said with its place, a warning too", async () => {
  const document = servedDocument();
  const health = document.paths?.["/api/health"]?.get;
  const broken = {
    ...document,
    info: { title: "Shopfloor Tickets", version: "1.0.0" },
    paths: { ...document.paths, "/api/health": { get: { ...health, operationId: "signIn", summary: undefined } } },
  };
  const faults = (await lintDocument(broken)).join("\n");
  expect(faults).toMatch(/error operation-operationId-unique at #\/paths\/~1api~1auth~1sign-in~1email\/post/);
  expect(faults).toMatch(/error operation-summary at #\/paths\/~1api~1health\/get/);
  expect(faults).toMatch(/warn info-license at #\/info/);
});

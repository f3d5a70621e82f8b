import { createConfig, lintFromString } from "@redocly/openapi-core";
import { createApp } from "../../src/app.ts";
import { openApiDocument } from "../../src/openapi/document.ts";

/** The OpenAPI document as the Worker serves it. */
export const servedDocument = () => openApiDocument(createApp());

/**
 * What Redocly's recommended rules find fault with in an OpenAPI document, errors and warnings alike. Asks nothing
 * outside of this process.
 *
 * @returns one line for each fault, with the place where it is.
 */
export async function lintDocument(document: object): Promise<string[]> {
  const problems = await lintFromString({
    source: JSON.stringify(document),
    absoluteRef: "openapi.json",
    // It passes over patterns: `{id}` is digits, so that `/machines/by-token/{token}` cannot be `/machines/{id}/timeline`.
    config: await createConfig({ extends: ["recommended"], rules: { "no-ambiguous-paths": "off" } }),
  });
  return problems.map(({ severity, ruleId, message, location }) => {
    const [place] = location;
    return `${severity} ${ruleId} at ${place?.pointer ?? "#/"}: ${message}`;
  });
}

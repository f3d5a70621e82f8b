import type { OpenAPIHono } from "@hono/zod-openapi";
import packageJson from "../../package.json" with { type: "json" };
import type { AppEnv } from "../context.ts";
import { bodyEtag } from "../http/etag.ts";
import { ANSWER_HEADERS, type AnswerHeader, SOMETIMES } from "./answers.ts";

/** The groups of operations, in the order in which they are shown. */
const TAGS = {
  Tickets: "What is wrong with a machine, who sees to it, and what became of it.",
  Changes: "What a copy of the shop, such as a phone's, is kept up to date by.",
  Attachments: "Photos, recordings and papers of a ticket.",
  "E-mails": "Mails about a ticket, and who has opened them.",
  Machines: "The machines of the shop and their types, whose codes begin the ticket numbers.",
  Customers: "People and companies outside the shop, how they are reached and what was said.",
  Figures: "Response and repair times, downtime.",
  Push: "Notifications on people's devices.",
  Webhooks: "Addresses that are told what happens.",
  Deliveries: "The outbox: everything that leaves, with each try.",
  Sync: "Customers at Stripe.",
  "Sign-in": "Sessions.",
  People: "Accounts, their rights and their API keys.",
  Service: "The service itself.",
} as const;
export type Tag = keyof typeof TAGS;

const SECURITY_SCHEMES = {
  bearer: { type: "http", scheme: "bearer", description: "The token that signing in gives." },
  apiKey: { type: "apiKey", in: "header", name: "x-api-key", description: "For integrations; acts for one person." },
  cookie: { type: "apiKey", in: "cookie", name: "shopfloor.session_token", description: "For browsers." },
} as const;

const DOCUMENT = {
  openapi: "3.1.0",
  info: {
    title: "Shopfloor Tickets",
    version: packageJson.version,
    contact: { name: "The administrators of this installation" },
    license: { name: "MIT", identifier: "MIT" },
    description:
      "Maintenance tickets for machine shops. Errors are RFC 9457 problem documents with a stable `code`, in English " +
      "or French by `Accept-Language`. Lists are paged by cursor. Every POST, PATCH and PUT honours an " +
      "`Idempotency-Key` for 31 days, but signing in and out and Stripe's events, which have ids of their own. A DELETE " +
      "may simply be repeated. A query parameter that a route does not have, or has only once, is 400: nothing is passed over in silence.",
  },
  servers: [{ url: "/", description: "This installation" }],
  tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
  security: Object.keys(SECURITY_SCHEMES).map((scheme) => ({ [scheme]: [] })),
};

/** The OpenAPI 3.1 document of everything that is mounted in `api`. */
export function openApiDocument(api: OpenAPIHono<AppEnv>) {
  return { ...api.getOpenAPI31Document(DOCUMENT) };
}

/**
 * The document as JSON text with its entity tag. Made when it is first asked for, which takes longer than any other
 * answer, and kept for as long as the isolate lives.
 */
export function openApiText(api: OpenAPIHono<AppEnv>): () => { body: string; etag: string } {
  let made: { body: string; etag: string } | undefined;
  return () => {
    if (!made) {
      const body = JSON.stringify(openApiDocument(api));
      made = { body, etag: bodyEtag(body) };
    }
    return made;
  };
}

/** Adds what the routes refer to. */
export function registerComponents({ openAPIRegistry: registry }: OpenAPIHono<AppEnv>): void {
  for (const [name, scheme] of Object.entries(SECURITY_SCHEMES))
    registry.registerComponent("securitySchemes", name, scheme);
  for (const [name, { description, ...schema }] of Object.entries(ANSWER_HEADERS)) {
    const required = !SOMETIMES.includes(name as AnswerHeader);
    registry.registerComponent("headers", name, { description, required, schema });
  }
}

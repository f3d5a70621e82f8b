// The tables as typed reads see them. migrations/ is the truth; test/db/schema.test.ts holds the two together.
// Property names are column names, so that a selected row already has the names of the API.
export * from "./schema/contacts.ts";
export * from "./schema/customers.ts";
export * from "./schema/deliveries.ts";
export * from "./schema/emails.ts";
export * from "./schema/people.ts";
export * from "./schema/sync.ts";
export * from "./schema/tickets.ts";

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { createClient } from "@hey-api/openapi-ts";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DEMO_PASSWORD, demoDataSql } from "../../scripts/lib/demo-data.ts";
import { type LocalWorker, startLocalWorker } from "../../scripts/lib/local-worker.ts";
import { servedDocument } from "../../scripts/lib/openapi.ts";

// What somebody gets who makes a client of the OpenAPI document with a tool of theirs: made anew at each run, so that
// it cannot fall behind, and used against the real Worker.

/** A program that uses the client: as strictly typed as TypeScript can be. */
const PROGRAM = `
import { createTicket, getTicket, listTickets, signIn, updateTicket } from "./generated/sdk.gen";
import { createClient } from "./generated/client";

export async function run(origin: string, email: string, password: string) {
  const stranger = createClient({ baseUrl: origin });
  const refused = await listTickets({ client: stranger });
  const { data: session } = await signIn({ client: stranger, body: { email, password }, throwOnError: true });
  const token: string = session.token;
  const client = createClient({
    baseUrl: origin,
    auth: (scheme) => (scheme.scheme === "bearer" ? token : undefined),
  });
  const created = await createTicket({
    client,
    body: { title: "Spindle vibrates", machine_id: 1 },
    headers: { "idempotency-key": "generated" },
    throwOnError: true,
  });
  const number: string = created.data.ticket.ticket_id;
  const description: string | null = created.data.ticket.description;
  await updateTicket({ client, path: { ref: number }, body: { scheduled_date: null }, throwOnError: true });
  const shown = await getTicket({ client, path: { ref: number }, throwOnError: true });
  const actions: ("created" | string)[] = shown.data.ticket.timeline.map((entry) => entry.action);
  const listed = await listTickets({ client, query: { status: ["received", "completed"], limit: 5 }, throwOnError: true });
  return {
    refused: refused.error?.code,
    number,
    description,
    location: created.response.headers.get("location"),
    actions,
    listed: listed.data.tickets.map((ticket) => ticket.ticket_id),
  };
}
`;

const CONFIG = {
  compilerOptions: {
    target: "es2022",
    lib: ["es2022", "dom", "dom.iterable"],
    module: "esnext",
    moduleResolution: "bundler",
    strict: true,
    noUncheckedIndexedAccess: true,
    noUnusedLocals: true,
    types: [],
    noEmit: true,
  },
  include: ["generated", "program.ts"],
};

let folder: string;
let worker: LocalWorker;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "shopfloor-client-"));
  mkdirSync(join(folder, "generated"));
  writeFileSync(join(folder, "openapi.json"), JSON.stringify(servedDocument()));
  writeFileSync(join(folder, "program.ts"), PROGRAM);
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(CONFIG));
  await createClient({
    input: join(folder, "openapi.json"),
    output: join(folder, "generated"),
    plugins: ["@hey-api/client-fetch", "@hey-api/typescript", "@hey-api/sdk"],
    logs: { level: "silent", file: false },
  });
  worker = await startLocalWorker();
  await worker.db.batch((await demoDataSql()).map((statement) => worker.db.prepare(statement)));
}, 120_000);

afterAll(async () => {
  await worker?.close();
  rmSync(folder, { recursive: true, force: true });
});

test("a generated client and what uses it compile under strict rules", () => {
  const { stdout, status } = spawnSync(resolve("node_modules/.bin/tsc"), ["--project", folder], { encoding: "utf8" });
  expect(stdout).toBe("");
  expect(status).toBe(0);
});

test("it signs in, creates a ticket from title and machine alone, changes it and finds it again", async () => {
  const build = await rolldown({ input: join(folder, "program.ts") });
  await build.write({ file: join(folder, "program.mjs") });
  await build.close();
  const program = (await import(/* @vite-ignore */ pathToFileURL(join(folder, "program.mjs")).href)) as {
    run(origin: string, email: string, password: string): Promise<Record<string, unknown>>;
  };
  const result = await program.run(worker.url.origin, "supervisor@shopfloor.example", DEMO_PASSWORD);
  expect(result).toEqual({
    refused: "unauthorized",
    number: expect.stringMatching(/^CNC-\d{4}-0001$/),
    description: null,
    location: `/api/tickets/${result.number}`,
    actions: expect.arrayContaining(["created"]),
    listed: [result.number],
  });
});

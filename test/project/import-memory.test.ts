import { request as httpRequest } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEMO_PASSWORD, demoDataSql } from "../../scripts/lib/demo-data.ts";
import { crashableWorker } from "./crash-worker.ts";
import { isMeasurable, peakGrowth } from "./memory.ts";

// What an import takes of the 128 MB that a Worker has: the real runtime, in a process whose peak the kernel keeps.

const MEBIBYTE = 1024 * 1024;
let worker: Awaited<ReturnType<typeof crashableWorker>>;
let token: string;

beforeAll(async () => {
  worker = await crashableWorker();
  for (const statement of await demoDataSql()) worker.sql(statement);
  await worker.start();
  const credentials = { email: "supervisor@shopfloor.example", password: DEMO_PASSWORD };
  const response = await worker.request("/api/auth/sign-in/email", null, credentials);
  token = ((await response.json()) as { token: string }).token;
  // What the first requests load stays.
  await send("title,machine\nA title,nothing\n");
}, 90_000);

afterAll(() => worker?.dispose());

/** What a sender meets whose connection is closed in mid-body. */
const CUT_OFF = ["ECONNRESET", "EPIPE"];

const sendOnce = (file: string, query: string) =>
  new Promise<{ status: number; body: string }>((resolve, reject) => {
    const options = { method: "POST", headers: { "content-type": "text/csv", authorization: `Bearer ${token}` } };
    const request = httpRequest(`${worker.origin}/api/tickets/import${query}`, options, (response) => {
      // The Worker marks each of its answers; one without the mark is the local proxy's, which has lost the Worker's.
      if (response.headers["x-request-id"] === undefined) reject(Object.assign(new Error(), { code: CUT_OFF[0] }));
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    });
    request.on("error", reject);
    request.end(file);
  });

/**
 * Sends a file and takes the answer, whether or not all of the file was taken. A connection that is closed on a sender
 * in mid-body may take the answer with it: then it is asked again.
 */
async function send(file: string, query = "") {
  for (let tries = 1; ; tries++) {
    try {
      return await sendOnce(file, query);
    } catch (error) {
      if (tries === 5 || !CUT_OFF.includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  }
}

const upTo = (bytes: number, begin: string, unit: string) =>
  begin + unit.repeat(Math.floor((bytes - begin.length) / unit.length));

describe.runIf(isMeasurable)("the peak stays within what a Worker has", () => {
  test.each([
    ["1.5 million bad lines", "title,machine\n", "xx,yyyy\n", 422, 32],
    ["a header of 12 million commas", "title,machine", ",", 422, 32],
    ["a line of 12 million commas", "title,machine\nA title,x", ",", 200, 32],
    ["1.5 million lines with stray quotes", "title,machine\n", '"a"b,c\n\n', 422, 110],
  ])("%s", async (name, begin, unit, status, bound) => {
    const file = upTo(12 * MEBIBYTE, begin, unit);
    const growth = await peakGrowth(worker.group(), async () => {
      const answer = await send(file, "?dry_run=true");
      expect({ status: answer.status, body: answer.body.slice(0, 500) }).toMatchObject({ status });
    });
    console.info(`${name}: ${growth} MiB`);
    expect(growth).toBeLessThan(bound);
  });

  test("the greatest file that is taken", async () => {
    // Words that differ, so that each of them is kept for the search, in characters that take two bytes in memory.
    const line = (index: number) => {
      const words = Array.from({ length: 174 }, (_, word) => `ő${(index * 174 + word).toString(36).padStart(4, "0")}`);
      return `Line ${index},1,2025-05-10,"${words.join(" ")}"`;
    };
    const lines = Array.from({ length: 10_000 }, (_, index) => line(index));
    const file = `title,machine_id,created_at,description\n${lines.join("\n")}\n`;
    expect(12 * MEBIBYTE - Buffer.byteLength(file)).toSatisfy((left: number) => left >= 0 && left < MEBIBYTE / 2);
    // Without dry_run the local database works, too, in the same process.
    for (const [query, bound] of [["?dry_run=true", 100] as const, ["", 250] as const]) {
      const growth = await peakGrowth(worker.group(), async () => {
        const answer = await send(file, query);
        expect(answer.status).toBe(200);
        expect(JSON.parse(answer.body)).toMatchObject({ imported: 10_000, failed: 0 });
      });
      console.info(`the greatest file${query}: ${growth} MiB`);
      expect(growth).toBeLessThan(bound);
    }
  }, 180_000);
});

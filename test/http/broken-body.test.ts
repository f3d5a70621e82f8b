import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { bindings, machine, type Person, person, rowCounts, startApp } from "../helpers.ts";
import { expectProblem } from "../problems.ts";

// A client whose connection breaks while it sends is nobody's fault here.

const app = startApp({}, bindings({ LOG_LEVEL: "debug", STRIPE_SECRET_KEY: "sk_x", STRIPE_WEBHOOK_SECRET: "whsec_x" }));
let admin: Person;
let lines: { level: string; event: string; status?: number }[];

beforeAll(async () => {
  admin = await person("admin");
  await machine("CNC");
});
beforeEach(() => {
  lines = [];
  for (const level of ["debug", "info", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation((text) => void lines.push(JSON.parse(text)));
  }
});
afterEach(() => vi.restoreAllMocks());

/** A body that breaks off as the runtime lets it break off. */
function broken(beginning: string): ReadableStream {
  let isBegun = false;
  return new ReadableStream({
    pull(controller) {
      if (isBegun) controller.error(new Error("Network connection lost."));
      else controller.enqueue(new TextEncoder().encode(beginning));
      isBegun = true;
    },
  });
}

const JSON_TYPE = "application/json";
test.each([
  ["/api/tickets", JSON_TYPE, '{"title":"Spindle vibrates","machine_id":1'],
  ["/api/tickets", JSON_TYPE, '{"title":"Spindle vibrates","machine_id":1}'],
  ["/api/tickets", JSON_TYPE, ""],
  ["/api/auth/sign-in/email", JSON_TYPE, '{"email":"'],
  ["/api/tickets/1/attachments", "multipart/form-data; boundary=x", "--x\r\n"],
  ["/api/tickets/import", "text/csv", "title,machine\nAlarm,CNC machine\n"],
  ["/api/stripe/webhook", JSON_TYPE, "{"],
])(
  "POST %s as %s that breaks off after %j leaves neither an error line nor anything else",
  async (path, type, beginning) => {
    const before = await rowCounts();
    const lengths: Record<string, string>[] = [{}, { "content-length": "1000" }];
    for (const length of lengths) {
      const headers = {
        authorization: `Bearer ${admin.token}`,
        "content-type": type,
        "stripe-signature": "t=1",
        ...length,
      };
      const response = await app.request(path, { method: "POST", headers, body: broken(beginning) });
      await expectProblem(response, 400, "incomplete_body");
    }
    expect(lines.map(({ level, event, status }) => [level, event, status])).toEqual([
      ["info", "request", 400],
      ["info", "request", 400],
    ]);
    expect(await rowCounts()).toEqual(before);
  },
);

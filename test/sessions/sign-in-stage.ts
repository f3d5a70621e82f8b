import { PASSWORD, send, startApp } from "../helpers.ts";

export const WRONG = "wrong horse battery";

/** The application with its clock in the test's hands, and people at the sign-in. */
export function signInStage(start = "2026-11-20T15:00:00.000Z") {
  let time = Date.parse(start);
  const app = startApp({ now: () => new Date(time) });
  return {
    app,
    time: () => time,
    advance: (seconds: number) => {
      time += seconds * 1000;
    },
    /** One try to sign in; without `address`, as in local development, the request names none. */
    attempt: (
      email: string,
      { address, password = WRONG, cookie }: { address?: string; password?: string; cookie?: string } = {},
    ): Promise<Response> => {
      const headers = { ...(address && { "cf-connecting-ip": address }), ...(cookie && { cookie }) };
      return app.request("/api/auth/sign-in/email", send(null, { email, password }, headers));
    },
    /** As `attempt`, with the right password. */
    enter(email: string, from: { address?: string; cookie?: string }): Promise<Response> {
      return this.attempt(email, { ...from, password: PASSWORD });
    },
  };
}

/** What a browser sends from then on. */
export const cookiesOf = (response: Response): string =>
  response.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");

/** Only what tells the device, as a browser holds it that has signed out. */
export const deviceOf = (response: Response): string =>
  cookiesOf(response)
    .split("; ")
    .find((cookie) => cookie.startsWith("shopfloor.device=")) ?? "";

export const statuses = (responses: Response[]): Record<number, number> => {
  const counts: Record<number, number> = {};
  for (const { status } of responses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

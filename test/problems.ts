import { expect } from "vitest";
import type { ProblemCode } from "../src/problem.ts";
import { type App, rowCounts } from "./helpers.ts";

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ProblemCode;
  request_id: string;
  error: string;
  errors?: { path: string; message: string }[];
}

/** Checks that an answer is a whole RFC 9457 document with this status and code; returns it. */
export async function expectProblem(response: Response, status: number, code: ProblemCode): Promise<Problem> {
  const body = (await response.json()) as Problem;
  expect({ status: response.status, code: body.code }).toEqual({ status, code });
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(body).toMatchObject({ type: `/problems/${code}`, status, error: body.detail });
  expect(body.title).toMatch(/\S/);
  expect(body.detail).toMatch(/\S/);
  expect(body.request_id).toBe(response.headers.get("x-request-id"));
  expect(body.request_id).toMatch(/^[\w-]{8,}$/);
  return body;
}

/**
 * Sends a request that must be refused with this status and code, and must leave no row behind.
 *
 * @param apartFrom a table in which a refusal is counted.
 */
export async function expectRefusal(
  app: App,
  path: string,
  init: RequestInit,
  status: number,
  code: ProblemCode,
  apartFrom?: string,
): Promise<Problem> {
  const before = await rowCounts();
  const problem = await expectProblem(await app.request(path, init), status, code);
  const after = await rowCounts();
  expect(apartFrom ? { ...after, [apartFrom]: before[apartFrom] } : after).toEqual(before);
  return problem;
}

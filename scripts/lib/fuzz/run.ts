import { demoDataSql } from "../demo-data.ts";
import type { LocalWorker } from "../local-worker.ts";
import { type RawDocument, readApi } from "./document.ts";
import { chance, drawOf, pick } from "./draw.ts";
import { type FuzzAnswer, jsonOf, judge } from "./judge.ts";
import { Known } from "./known.ts";
import { addPeople } from "./people.ts";
import { describeRequest, drawRequest, type FuzzRequest } from "./request.ts";

/** Requests after which whoever was demoted is brought back; those who are locked out are so sooner. */
const RESTORE_EVERY = 50;
const RESTORE_SOONER = 5;
/** How many requests with a key are remembered, to be sent again. */
const REPEATABLE = 20;

/** Something that is wrong, with the first request that showed it. */
export interface Finding {
  operation: string;
  fault: string;
  index: number;
  request: string;
  times: number;
}

export interface Report {
  requests: number;
  /** How often each operation answered with each status. */
  answers: Map<string, Map<number, number>>;
  /** Headers that some answer had, in lower case. */
  headers: Set<string>;
  findings: Finding[];
  slowestMs: number;
}

interface Options {
  worker: LocalWorker;
  seed: number;
  requests: number;
  /** How long one answer may take, in milliseconds. */
  slowMs: number;
  progress?: (done: number, findings: number) => void;
}

async function send(url: URL, { operation, target, headers, body }: FuzzRequest): Promise<FuzzAnswer> {
  const started = performance.now();
  const response = await fetch(url.origin + target, { method: operation.method, headers, body, redirect: "manual" });
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, bytes, ms: performance.now() - started };
}

/** What tells one fault from another: without the numbers and texts that differ each time. */
const shapeOf = (fault: string) => fault.replace(/"(request_id|detail|error)":"[^"]*"/g, "").replace(/\d+/g, "#");

/**
 * Sends requests to every operation of the served document, right ones and wrong ones, by everybody, and judges each
 * answer by the document. The same seed sends the same requests, as far as ids and times of answers allow.
 */
export async function fuzz({ worker, seed, requests, slowMs, progress }: Options): Promise<Report> {
  const { db, url } = worker;
  await db.batch((await demoDataSql()).map((statement) => db.prepare(statement)));
  const people = await addPeople(worker);
  const api = readApi((await (await fetch(new URL("/api/openapi.json", url))).json()) as RawDocument);
  const known = new Known();
  const report: Report = { requests: 0, answers: new Map(), headers: new Set(), findings: [], slowestMs: 0 };
  const findings = new Map<string, Finding>();
  const keyed: FuzzRequest[] = [];
  let lockedOut = false;

  for (const { method, path } of api.operations) {
    if (method !== "GET" || path.includes("{")) continue;
    const response = await fetch(new URL(path, url), { headers: people.admin.headers });
    if (/\bjson\b/.test(response.headers.get("content-type") ?? "")) known.learn(await response.json());
    else await response.body?.cancel();
  }

  for (let index = 0; index < requests; index++) {
    if (index % RESTORE_EVERY === 0 || (lockedOut && index % RESTORE_SOONER === 0)) {
      await people.restore();
      lockedOut = false;
    }
    const draw = drawOf(seed, index);
    const again = keyed.length > 0 && chance(draw, 3);
    const operation = pick(draw, api.operations);
    const sender = people.draw(draw);
    const request = again ? pick(draw, keyed) : drawRequest(draw, { api, known, operation, sender });
    const answer = await send(url, request);
    const name = request.operation.id;

    if (answer.status === 401) lockedOut = true;

    report.requests++;
    report.slowestMs = Math.max(report.slowestMs, answer.ms);
    const statuses = report.answers.get(name) ?? new Map<number, number>();
    report.answers.set(name, statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1));
    for (const header of api.headerNames) if (answer.headers.has(header)) report.headers.add(header);
    known.learn(jsonOf(answer));
    const etag = answer.headers.get("etag");
    if (etag) known.add("etag", etag);
    if (!again && request.headers["idempotency-key"] && answer.status < 300) {
      keyed.push(request);
      if (keyed.length > REPEATABLE) keyed.shift();
    }

    for (const fault of judge(api, request, answer, slowMs)) {
      const key = `${name} ${shapeOf(fault)}`;
      const finding = findings.get(key);
      if (finding) finding.times++;
      else findings.set(key, { operation: name, fault, index, request: describeRequest(request), times: 1 });
    }
    progress?.(index + 1, findings.size);
  }
  report.findings = [...findings.values()];
  return report;
}

/** A report of what is wrong, with what it takes to see it again. */
export const describeFindings = (seed: number, { findings }: Report): string =>
  findings
    .map(
      ({ operation, fault, index, request, times }) =>
        `${operation} ${fault}\n  ${times} times, first as request ${index + 1}: npm run fuzz -- --seed ${seed} --requests ${index + 1}\n${request}`,
    )
    .join("\n\n");

/** What every case receives: the members of a ticket that a technician usually fills in. */
export interface TicketBody {
  title: string;
  description: string;
  priority: "low" | "medium" | "high" | "critical";
  machine_id: number;
  /** Somebody other than the sender, so that a creation has a push to enqueue. */
  assigned_to: number;
}

/**
 * seed: count, insert, re-read, retry. bare: one INSERT, the physical limit. floor: number, ticket and timeline entry in
 * one batch, with no index but the one that keeps numbers apart: no creation can do with less. real: POST /api/tickets.
 */
export const CASES = ["seed", "bare", "floor", "real"] as const;
export type CaseName = (typeof CASES)[number];

export const PATHS: Record<CaseName, string> = {
  seed: "/bench/seed",
  bare: "/bench/bare",
  floor: "/api/floor",
  real: "/api/tickets",
};

/** empty: no ticket this month. full: FULL_TICKETS of them. Each has a database of its own. */
export const DATASETS = ["empty", "full"] as const;
export type Dataset = (typeof DATASETS)[number];

export const FULL_TICKETS = 50_000;

/** Request header that tells the bench's Worker which data set to use. */
export const DATASET_HEADER = "bench-dataset";

/**
 * Request header that asks what a request costs the database, in an isolate that is `warm` or `new`; the answer's header
 * of the same name tells.
 */
export const COUNT_HEADER = "bench-count";

/** Where the bench's Worker delivers the jobs that it is told. */
export const DRAIN_PATH = "/bench/drain";

/** Where it does what the cron trigger of each minute does. */
export const CRON_PATH = "/bench/cron";

/** Where the bench's Worker keeps the figures of past days as the cron does, and tells what those of a year read. */
export const FIGURES_PATHS = { keep: "/bench/figures/keep", read: "/bench/figures/read" } as const;

/** Steps of a job's life that the bench's Worker takes by themselves, several in one request. */
export const JOB_OPERATIONS = ["enqueue", "claim"] as const;
export type JobOperation = (typeof JOB_OPERATIONS)[number];

export const JOB_PATHS: Record<JobOperation, string> = {
  enqueue: "/bench/jobs/enqueue",
  claim: "/bench/jobs/claim",
};

/** How many of them one request takes, so that the step counts and not the request. */
export const JOBS_PER_REQUEST = 20;

/** What every case receives: the members of a ticket that a technician usually fills in. */
export interface TicketBody {
  title: string;
  description: string;
  priority: "low" | "medium" | "high" | "critical";
  machine_id: number;
  /** Somebody other than the sender, so that a creation has a push to enqueue. */
  assigned_to: number;
}

/** seed: count, insert, re-read, retry. bare: one INSERT, the physical limit. real: POST /api/tickets. */
export const CASES = ["seed", "bare", "real"] as const;
export type CaseName = (typeof CASES)[number];

export const PATHS: Record<CaseName, string> = {
  seed: "/bench/seed",
  bare: "/bench/bare",
  real: "/api/tickets",
};

/** empty: no ticket this month. full: FULL_TICKETS of them. Each has a database of its own. */
export const DATASETS = ["empty", "full"] as const;
export type Dataset = (typeof DATASETS)[number];

export const FULL_TICKETS = 50_000;

/** Request header that tells the bench's Worker which data set to use. */
export const DATASET_HEADER = "bench-dataset";

/** Where the bench's Worker delivers all that is due. */
export const DRAIN_PATH = "/bench/drain";

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

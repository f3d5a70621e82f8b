/** A refusal as the API words it: `application/problem+json` (contract section 1). */
export interface ProblemDocument {
  status: number;
  code: string;
  /** A sentence for people, in the language of the app. */
  detail: string;
  errors?: { path: string; message: string }[];
  [member: string]: unknown;
}

/** The server has answered, and the answer is no. */
export class Refused extends Error {
  readonly problem: ProblemDocument;
  /** Seconds to wait before another try, where the server has said so. */
  readonly retryAfter: number | null;

  constructor(problem: ProblemDocument, retryAfter: number | null) {
    super(problem.code);
    this.problem = problem;
    this.retryAfter = retryAfter;
  }
}

/** No answer of ours came: no network, a server that is away, or something in between that answers in its place. */
export class NoAnswer extends Error {}

import type { Env } from "../env.ts";
import { mentions } from "./errors.ts";

type Trips = Env["DB"];

// Outside of triggers SQL can fail on purpose only by misuse. No query of ours has a path that comes from outside.
const FAILED = "sender-not-as-presumed";

/** SQL that fails, and undoes its batch, unless the condition holds. */
export const failUnless = (condition: string): string => `json_extract('{}', iif(${condition}, '$', '${FAILED}'))`;

/** Thrown by a trip that has failed its check: it has read and written nothing. */
export class CheckFailed extends Error {
  constructor() {
    super(FAILED);
  }

  /** Whether an error is one, or is about one: query builders wrap what a trip throws. */
  static is(error: unknown): boolean {
    return mentions(error, FAILED);
  }
}

/** What each trip of a request asks beside its own question. */
export interface Check {
  /**
   * Statements that come first in a trip. The first of them fails unless all is as it should be (see `failUnless`).
   *
   * @param hasPassed whether a trip of this request has passed before.
   */
  statements(hasPassed: boolean): D1PreparedStatement[];
  /** Is told what the first statement gave, the first time that it passed. */
  passed(row: unknown): void;
}

/** What is to be written before anything else, with the first trip that there is. */
export interface Prelude {
  statement(): D1PreparedStatement;
  /** Is called when it has been written. */
  done(): void;
}

type Trip = <T>(statements: D1PreparedStatement[]) => Promise<D1Result<T>[]>;

class CheckedStatement {
  readonly inner: D1PreparedStatement;
  readonly #trip: Trip;

  constructor(inner: D1PreparedStatement, trip: Trip) {
    this.inner = inner;
    this.#trip = trip;
  }

  bind(...values: unknown[]): CheckedStatement {
    return new CheckedStatement(this.inner.bind(...values), this.#trip);
  }

  async all<T>(): Promise<D1Result<T>> {
    const [result] = await this.#trip<T>([this.inner]);
    if (!result) throw new Error("a batch gave no result");
    return result;
  }

  run<T>(): Promise<D1Result<T>> {
    return this.all<T>();
  }

  async first<T>(column?: string): Promise<T | null> {
    const [row] = (await this.all<Record<string, unknown>>()).results;
    if (!row) return null;
    return (column === undefined ? row : row[column]) as T;
  }

  /** Rows as arrays. The columns must have names of their own, as those of ``queryBuilder` have. */
  async raw(): Promise<unknown[][]> {
    return (await this.all<Record<string, unknown>>()).results.map((row) => Object.values(row));
  }
}

/**
 * A database whose every trip begins with a check, in the same batch: where that fails the trip reads and writes nothing
 * and throws `CheckFailed`, and so does every trip after it, without setting out.
 */
export class CheckedDatabase {
  readonly inner: Trips;
  readonly #check: Check;
  #hasPassed: boolean;
  #prelude: Prelude | null;
  #hasFailed = false;
  #wasTried = false;

  /**
   * @param inner the database itself.
   * @param options.hasPassed whether the check has been made already, just now.
   * @param options.prelude goes along with the first trip, after the check.
   */
  constructor(inner: Trips, check: Check, { hasPassed = false, prelude = null as Prelude | null } = {}) {
    this.inner = inner;
    this.#check = check;
    this.#hasPassed = hasPassed;
    this.#prelude = prelude;
  }

  /** Whether a trip has passed the check. */
  get hasPassed(): boolean {
    return this.#hasPassed;
  }

  /**
   * Makes the check by itself, unless a trip has made it: also one that failed for a reason of its own, such as a
   * constraint, which comes after the check, or a database that is busy, which is not asked for more.
   *
   * @throws CheckFailed
   */
  async confirm(): Promise<void> {
    if (!this.#hasPassed && !this.#wasTried) await this.#trip([]);
  }

  prepare(sql: string): D1PreparedStatement {
    return new CheckedStatement(this.inner.prepare(sql), this.#trip) as unknown as D1PreparedStatement;
  }

  batch<T = unknown>(statements: D1PreparedStatement[]): Promise<D1Result<T>[]> {
    return this.#trip<T>(statements.map((statement) => (statement as unknown as CheckedStatement).inner));
  }

  readonly #trip: Trip = async <T>(statements: D1PreparedStatement[]) => {
    if (this.#hasFailed) throw new CheckFailed();
    const prelude = this.#prelude;
    const before = [...this.#check.statements(this.#hasPassed), ...(prelude ? [prelude.statement()] : [])];
    let results: D1Result<T>[];
    try {
      results = await this.inner.batch<T>([...before, ...statements]);
    } catch (error) {
      this.#hasFailed = CheckFailed.is(error);
      this.#wasTried = true;
      throw this.#hasFailed ? new CheckFailed() : error;
    }
    prelude?.done();
    this.#prelude = null;
    if (!this.#hasPassed) {
      this.#hasPassed = true;
      this.#check.passed(results[0]?.results[0]);
    }
    return results.slice(before.length);
  };
}

/** The database without the check, for putting in order what a request leaves behind that ended meanwhile. */
export const unchecked = (database: Trips): Trips => (database instanceof CheckedDatabase ? database.inner : database);

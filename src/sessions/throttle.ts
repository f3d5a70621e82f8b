import type { Context } from "../context.ts";
import { tooManyRequests } from "../problem.ts";
import { guessSubject } from "./places.ts";

/** Wrong guesses at an account from one place that cost no wait. */
const FREE_GUESSES = 5;
/** After the free ones each guess waits twice as long as the one before, from a second to this. */
const LONGEST_WAIT_SECONDS = 15 * 60;
/** After this time without a guess they are free again. Waiting for that gains less than guessing on at the longest. */
const QUIET_SECONDS = 6 * 60 * 60;

/** Wrong guesses from one unknown address at whatever accounts, in a window: a whole shop may share an address. */
const ADDRESS_GUESSES = 60;
const ADDRESS_WINDOW_SECONDS = 15 * 60;

/** For each of this many wrong guesses at an account within an hour, unknown places wait another minute. */
const ACCOUNT_GUESSES = 100;
const ACCOUNT_WINDOW_SECONDS = 60 * 60;
const ACCOUNT_WAIT_SECONDS = 60;

/** Rows forgotten in one night, in one statement. */
const FORGOTTEN_ROWS = 20_000;

/** How long an address is known to an account after a sign-in from there. */
const KNOWN_SECONDS = 90 * 24 * 60 * 60;

/** From where a guess is made. */
export interface Place {
  /** See `networkOf`. */
  network: string;
  /** See `knownDevice`. */
  device: string | null;
}

/** A guess that may be checked, and what it is counted against. */
export interface Guess {
  subject: string;
  /** The account at the address, which a success makes known; null where an address plays no part. */
  address: string | null;
  /** The wide counts that it has raised. */
  wide: string[];
}

// Each wait, by how many guesses there have been; the last holds for all after it.
const WAITS = Array.from({ length: FREE_GUESSES + 11 }, (_, guesses) =>
  guesses < FREE_GUESSES ? 0 : Math.min(2 ** (guesses - FREE_GUESSES), LONGEST_WAIT_SECONDS),
);
const ACCOUNT_WAITS = Array.from({ length: LONGEST_WAIT_SECONDS / ACCOUNT_WAIT_SECONDS + 1 }, (_, steps) =>
  Math.min(steps * ACCOUNT_WAIT_SECONDS, LONGEST_WAIT_SECONDS),
);

/** SQL: the instant in a JSON array at an index, or its last. */
const instantAt = (instants: string, index: string, length: number): string =>
  `json_extract(${instants}, '$[' || min(${index}, ${length - 1}) || ']')`;

// ?1 the account at its place, ?2 the account, ?3 the address, ?4 now, ?5 when the next guess is free after so many,
// ?6 when an unknown place is free at so many wide guesses, ?7 when ?1 begins anew, ?8 whether the place is known anyway.
const KNOWN =
  "(?8 = 1 OR EXISTS (SELECT 1 FROM sign_in_guesses known WHERE known.subject = ?1 AND known.known_until > ?4))";
const ADDRESS_FREE_AT = `(SELECT a.resets_at FROM sign_in_guesses a
  WHERE a.subject = ?3 AND a.resets_at > ?4 AND a.guesses >= ${ADDRESS_GUESSES} AND NOT ${KNOWN})`;
const ACCOUNT_FREE_AT = `COALESCE((SELECT ${instantAt("?6", `a.guesses / ${ACCOUNT_GUESSES}`, ACCOUNT_WAITS.length)}
  FROM sign_in_guesses a WHERE a.subject = ?2 AND a.resets_at > ?4 AND NOT ${KNOWN}), ?4)`;

// An unknown place that comes while many guess at the account begins to wait. Whoever comes after it takes nothing from
// its turn.
const ENTER = `
  INSERT INTO sign_in_guesses (subject, guesses, free_at, resets_at)
  SELECT ?1, 0, ${ACCOUNT_FREE_AT}, ?7 WHERE ${ACCOUNT_FREE_AT} > ?4 AND ${ADDRESS_FREE_AT} IS NULL
  ON CONFLICT (subject) DO UPDATE SET guesses = 0, free_at = excluded.free_at, resets_at = excluded.resets_at
  WHERE resets_at <= ?4`;

const CLAIM = `
  INSERT INTO sign_in_guesses (subject, guesses, free_at, resets_at)
  SELECT ?1, 1, max(${instantAt("?5", "1", WAITS.length)}, ${ACCOUNT_FREE_AT}), ?7 WHERE ${ADDRESS_FREE_AT} IS NULL
  ON CONFLICT (subject) DO UPDATE SET
    guesses = iif(resets_at > ?4, guesses, 0) + 1,
    free_at = max(${instantAt("?5", "iif(resets_at > ?4, guesses, 0) + 1", WAITS.length)}, ${ACCOUNT_FREE_AT}),
    resets_at = excluded.resets_at
  WHERE free_at <= ?4 OR resets_at <= ?4
  RETURNING subject`;

// Only what the statement before has claimed: changes() is its count. ?9 and ?10 are the ends of the windows.
const COUNT_WIDELY = `
  INSERT INTO sign_in_guesses (subject, guesses, resets_at)
  SELECT wide.value ->> 0, 1, wide.value ->> 1 FROM json_each(json_array(json_array(?2, ?9), json_array(?3, ?10))) wide
  WHERE changes() = 1 AND NOT ${KNOWN}
  ON CONFLICT (subject) DO UPDATE SET
    guesses = iif(resets_at > ?4, guesses, 0) + 1,
    resets_at = iif(resets_at > ?4, resets_at, excluded.resets_at)
  RETURNING subject`;

const FREE_AT = `
  SELECT max(COALESCE(${ADDRESS_FREE_AT}, ''),
             COALESCE((SELECT p.free_at FROM sign_in_guesses p WHERE p.subject = ?1), '')) AS free_at`;

/**
 * Counts a guess in one trip, before it is checked: of many at once only those go on that may.
 *
 * @param place the account at its place; `isKnown`: none of the wide counts concern it.
 * @param needs what the check reads in the same trip.
 */
async function claim<Found>(
  ctx: Context,
  place: { subject: string; account: string; network: string; isKnown: boolean },
  ...needs: D1PreparedStatement[]
): Promise<{ wide: string[]; found: D1Result<Found>[] }> {
  const { DB } = ctx.env;
  const now = ctx.now().getTime();
  const after = (seconds: number) => new Date(now + seconds * 1000).toISOString();
  const params = [
    place.subject,
    place.account,
    place.network,
    after(0),
    JSON.stringify(WAITS.map(after)),
    JSON.stringify(ACCOUNT_WAITS.map(after)),
    after(QUIET_SECONDS),
    place.isKnown ? 1 : 0,
  ];
  const windows = [after(ACCOUNT_WINDOW_SECONDS), after(ADDRESS_WINDOW_SECONDS)];
  const [, claimed, counted, free, ...found] = await DB.batch<{ subject?: string; free_at?: string }>([
    DB.prepare(ENTER).bind(...params),
    DB.prepare(CLAIM).bind(...params),
    DB.prepare(COUNT_WIDELY).bind(...params, ...windows),
    DB.prepare(FREE_AT).bind(...params),
    ...needs,
  ]);
  if (claimed?.results.length === 1) {
    return { wide: (counted?.results ?? []).map(({ subject = "" }) => subject), found: found as D1Result<Found>[] };
  }
  const wait = Math.ceil((Date.parse(free?.results[0]?.free_at ?? "") - now) / 1000);
  throw tooManyRequests(Math.min(Math.max(wait, 1), LONGEST_WAIT_SECONDS));
}

/**
 * Counts a guess at sign-in, before it is checked.
 *
 * @param email in lower case; an unknown one counts alike.
 * @param need what the check reads in the same trip: `found` is its first row.
 * @throws AppError `too_many_requests`; `Retry-After` is at most 15 minutes.
 */
export async function claimSignIn<Found>(ctx: Context, email: string, place: Place, need: D1PreparedStatement) {
  const { env } = ctx;
  const { network, device } = place;
  const address = guessSubject(env, "address", email, network);
  const subject = device === null ? address : guessSubject(env, "device", email, device);
  const counted = {
    subject,
    account: guessSubject(env, "account", email),
    network: guessSubject(env, "network", network),
    isKnown: device !== null,
  };
  const { wide, found } = await claim<Found>(ctx, counted, need);
  const guess: Guess = { subject, address, wide };
  return { guess, found: found[0]?.results[0] };
}

/**
 * Counts a guess at the own password, before it is checked: against the session, which whoever has only the name of the
 * account does not have.
 *
 * @param need what the check reads in the same trip: `found` is its first row.
 * @throws AppError `too_many_requests`.
 */
export async function claimOwnPassword<Found>(ctx: Context, sessionId: number, need: D1PreparedStatement) {
  const subject = guessSubject(ctx.env, "session", sessionId);
  const { found } = await claim<Found>(ctx, { subject, account: subject, network: subject, isKnown: true }, need);
  const guess: Guess = { subject, address: null, wide: [] };
  return { guess, found: found[0]?.results[0] };
}

/** Statements for after a guess that was right: nothing is held against its place, and its address is known. */
export function forgiveGuess(ctx: Context, { subject, address, wide }: Guess): D1PreparedStatement[] {
  const { DB } = ctx.env;
  const now = ctx.now().getTime();
  const [at = "", reset = "", known = ""] = [0, QUIET_SECONDS, KNOWN_SECONDS].map((seconds) =>
    new Date(now + seconds * 1000).toISOString(),
  );
  const statements = [
    DB.prepare("UPDATE sign_in_guesses SET guesses = 0, free_at = ? WHERE subject = ?").bind(at, subject),
  ];
  if (address !== null) {
    statements.push(
      DB.prepare(
        `INSERT INTO sign_in_guesses (subject, guesses, free_at, resets_at, known_until) VALUES (?, 0, ?, ?, ?)
         ON CONFLICT (subject) DO UPDATE SET guesses = 0, free_at = excluded.free_at, known_until = excluded.known_until`,
      ).bind(address, at, reset, known),
    );
  }
  if (wide.length > 0) {
    statements.push(
      DB.prepare(
        `UPDATE sign_in_guesses SET guesses = guesses - 1
         WHERE subject IN (SELECT value FROM json_each(?)) AND guesses > 0`,
      ).bind(JSON.stringify(wide)),
    );
  }
  return statements;
}

/**
 * Removes counts that hold nobody up any more, and addresses that are no longer known.
 *
 * @returns whether more are left than one run forgets: then call again.
 */
export async function forgetGuesses(ctx: Context): Promise<boolean> {
  // By no index: the nightly look at every row costs less than another write for each guess.
  const { meta } = await ctx.env.DB.prepare(
    `DELETE FROM sign_in_guesses WHERE subject IN
       (SELECT subject FROM sign_in_guesses WHERE resets_at <= ?1 AND COALESCE(known_until, ?1) <= ?1
        LIMIT ${FORGOTTEN_ROWS})`,
  )
    .bind(ctx.now().toISOString())
    .run();
  return meta.changes >= FORGOTTEN_ROWS;
}

import contract from "../../docs/contract.md?raw";

const table = /\n\*\*Trips\.\*\*[\s\S]*?\n\n((?:\|.*\n)+)/.exec(contract)?.[1] ?? "";

/** The table of trips in section 1 of the contract: how many a route, by method and path, or a kind of work makes at most. */
export const PROMISED_TRIPS = new Map(
  table
    .trim()
    .split("\n")
    .slice(2)
    .map((line) => {
      const [, what = "", trips = ""] = line.split("|").map((cell) => cell.trim());
      return [what.replaceAll("`", "").replace(/:(\w+)/g, "{$1}"), Number(trips)];
    }),
);

/** The promise about this kind of work. */
export function promisedTrips(what: string): number {
  const trips = PROMISED_TRIPS.get(what);
  if (trips === undefined) throw new Error(`the contract tells nothing about ${what}`);
  return trips;
}

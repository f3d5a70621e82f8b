import { now } from "../words/format.ts";

const MINUTE = 60_000;

/** Lets the durations on the page grow: each minute, and at once when it comes back to the front. */
export function runClock(): void {
  const tick = () => {
    if (document.visibilityState === "visible") now.value = Date.now();
  };
  setInterval(tick, MINUTE / 4);
  document.addEventListener("visibilitychange", tick);
}

import { type ReadonlySignal, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { NoAnswer, type ProblemDocument, Refused } from "../api/errors.ts";
import { user } from "../device/session.ts";

/** What is known of something, and since when. */
export interface Reading<Value> {
  /** null: nothing is known yet. */
  value: Value | null;
  /** When the server said so, as `Date.now()`. */
  at: number | null;
  /** Why the server would not say. */
  refusal: ProblemDocument | null;
  /** It was asked, and no answer came. */
  unanswered: boolean;
}

/** Something to show: what is known at once, and how to learn more. */
export interface Source<Value> {
  reading: ReadonlySignal<Reading<Value>>;
  /** Asks again. Never throws: what went wrong is in the reading, or is for the line under the header to say. */
  refresh(): Promise<void>;
}

/** A source that keeps the newest answer, in memory, for whoever is signed in. */
export function sourceOf<Value>(read: () => Promise<Value>): Source<Value> {
  const reading = signal<Reading<Value>>({ value: null, at: null, refusal: null, unanswered: false });
  let asked = 0;
  return {
    reading,
    async refresh() {
      const mine = ++asked;
      const whose = user.peek()?.id;
      try {
        const value = await read();
        if (mine === asked && whose === user.peek()?.id)
          reading.value = { value, at: Date.now(), refusal: null, unanswered: false };
      } catch (error) {
        if (mine !== asked) return;
        if (error instanceof NoAnswer) reading.value = { ...reading.peek(), unanswered: true };
        else if (!(error instanceof Refused)) throw error;
        // What is shown stays while the session has merely ended.
        else if (error.problem.status !== 401) {
          reading.value = { ...reading.peek(), refusal: error.problem, unanswered: false };
        }
      }
    },
  };
}

/** The reading of a source for a component; asks when the component appears and when the page comes to the front. */
export function useSource<Value>(source: Source<Value>): Reading<Value> {
  useEffect(() => {
    const ask = () => {
      if (document.visibilityState === "visible") void source.refresh();
    };
    ask();
    document.addEventListener("visibilitychange", ask);
    return () => document.removeEventListener("visibilitychange", ask);
  }, [source]);
  return source.reading.value;
}

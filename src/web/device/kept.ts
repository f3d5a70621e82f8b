import { effect, type Signal, signal } from "@preact/signals";

/**
 * A value that outlives the page, small enough to be there before the first picture is drawn. What another version of
 * the app has left, and what this one does not understand, counts as nothing.
 *
 * @param read the value of what was kept, or undefined.
 */
export function kept<Value>(
  name: string,
  read: (stored: unknown) => Value | undefined,
  fallback: Value,
): Signal<Value> {
  const value = signal<Value>(stored(name, read) ?? fallback);
  let first = true;
  effect(() => {
    const current = value.value;
    if (first) {
      first = false;
      return;
    }
    try {
      localStorage.setItem(name, JSON.stringify(current));
    } catch {
      // Private windows and full disks: it holds until the page is closed.
    }
  });
  return value;
}

function stored<Value>(name: string, read: (stored: unknown) => Value | undefined): Value | undefined {
  try {
    const text = localStorage.getItem(name);
    return text === null ? undefined : read(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** One of a few names, or undefined. */
export const oneOf =
  <Name extends string>(names: readonly Name[]) =>
  (value: unknown): Name | undefined =>
    names.find((name) => name === value);

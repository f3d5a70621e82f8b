const LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
type Level = (typeof LEVELS)[number];

type Fields = Record<string, unknown>;

export interface Logger {
  debug(event: string, fields?: Fields): void;
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields): void;
  /** The same logger with more fields in each line. */
  with(fields: Fields): Logger;
}

const SECRET_NAME = /pass(word|phrase)|secret|token|authorization|cookie|api[-_]?key|p256dh|^auth$|signature|private/i;

const redact = (value: unknown, depth = 0): unknown => {
  if (typeof value !== "object" || value === null) return value;
  if (depth === 4) return "[nested]";
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      SECRET_NAME.test(name) ? "[redacted]" : redact(inner, depth + 1),
    ]),
  );
};

/**
 * One JSON object per line, with `base` (the request id, the delivery id) in each.
 * Values under names that sound secret are redacted, so that a careless call leaks nothing.
 */
export function createLogger(level: Level, base: Fields): Logger {
  const threshold = LEVELS.indexOf(level);
  const at = (name: Exclude<Level, "silent">) => (event: string, fields?: Fields) => {
    if (LEVELS.indexOf(name) < threshold) return;
    // biome-ignore lint/suspicious/noConsole: the console is where Workers collect their logs
    console[name](JSON.stringify({ level: name, event, ...base, ...(redact(fields ?? {}) as Fields) }));
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (fields) => createLogger(level, { ...base, ...fields }),
  };
}

/**
 * An error as log fields. Messages of query builders quote the bound parameters, so only the innermost
 * cause's message is kept, and of the stack only the frames.
 */
export function describeError(error: unknown): Fields {
  let inner = error;
  for (let depth = 0; depth < 8 && inner instanceof Error && inner.cause instanceof Error; depth++) inner = inner.cause;
  if (!(inner instanceof Error)) return { error: typeof inner };
  const frames = (error as Error).stack?.split("\n").filter((line) => line.trimStart().startsWith("at "));
  return { error: inner.name, message: inner.message.slice(0, 500), stack: frames?.slice(0, 12) };
}

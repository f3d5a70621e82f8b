import type { Answer, Received, Report } from "./protocol.ts";

let receivers = 0;

/** Polls until `holds` gives something other than null or false, for at most `ms` milliseconds. */
export async function until<T>(holds: () => Promise<T | null | false>, ms = 10_000): Promise<T> {
  for (const end = Date.now() + ms; ; ) {
    const value = await holds();
    if (value !== null && value !== false) return value;
    if (Date.now() > end) throw new Error(`did not happen within ${ms} ms: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/**
 * A receiver of its own: a real HTTP address whose answers are scripted.
 *
 * @param origin of `startReceivers`.
 * @param answers one for each request in turn; the last one stays. 200 and nothing else unless told.
 */
export async function openReceiver(origin: string, ...answers: Answer[]) {
  const name = `${Date.now().toString(36)}-${++receivers}-${Math.random().toString(36).slice(2)}`;
  const control = async (method: string, body?: unknown): Promise<Report> => {
    const response = await fetch(`${origin}/control/${name}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return (await response.json()) as Report;
  };
  await control("PUT", answers);
  return {
    url: `${origin}/to/${name}`,
    report: () => control("GET"),
    requests: async (): Promise<Received[]> => (await control("GET")).requests,
    /** Answers the oldest `count` requests that it holds; all unless told. */
    release: (count: number | null = null) => control("POST", { count }),
    /** Forgets what came and follows another script. */
    script: (...next: Answer[]) => control("PUT", next),
    /** Waits until `count` requests have come, answered or not. */
    arrived: (count = 1): Promise<Received[]> =>
      until(async () => {
        const { requests } = await control("GET");
        return requests.length >= count && requests;
      }),
  };
}

export type Receiver = Awaited<ReturnType<typeof openReceiver>>;

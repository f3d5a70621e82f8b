const KEPT_BYTES = 2048;
/** A receiver that drips its answer is not waited for: its status has been seen. */
const READ_MS = 2000;

/**
 * The first 2 KiB of a response as text; the rest is never read. Takes 2 s at most.
 */
export async function readBeginning(response: Response): Promise<string> {
  if (!response.body) return "";
  const reader = response.body.getReader();
  const kept = new Uint8Array(KEPT_BYTES);
  let length = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeUp = new Promise<{ done: true; value?: undefined }>((resolve) => {
    timer = setTimeout(() => resolve({ done: true }), READ_MS);
  });
  try {
    while (length < KEPT_BYTES) {
      const { done, value } = await Promise.race([reader.read(), timeUp]);
      if (done) break;
      const part = value.subarray(0, KEPT_BYTES - length);
      kept.set(part, length);
      length += part.length;
    }
  } catch {
    // A body that breaks off changes nothing about the status that came before it.
  } finally {
    clearTimeout(timer);
    await reader.cancel().catch(() => undefined);
  }
  return new TextDecoder().decode(kept.subarray(0, length)).replaceAll("\0", "");
}

import { signal } from "@preact/signals";

const spoken = signal("");

/** Has something said aloud to who hears the page, once they have heard out what is being said. */
export function announce(text: string): void {
  // The same words a second time are only heard when they have been gone in between.
  spoken.value = "";
  setTimeout(() => {
    spoken.value = text;
  }, 50);
}

/** The one place that announcements come from. */
export function LiveRegion() {
  return (
    <div class="unseen" role="status" aria-live="polite">
      {spoken.value}
    </div>
  );
}

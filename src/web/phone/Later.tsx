import { Page } from "../app/Page.tsx";
import { EmptyState } from "../ui/parts.tsx";
import { words } from "../words/words.ts";

/** A page that has an address already, and is still to be built. */
export default function Later() {
  const w = words.value.later;
  return (
    <Page title={w.title} back="/">
      <EmptyState icon="hourglass">
        <p>{w.hint}</p>
      </EmptyState>
    </Page>
  );
}

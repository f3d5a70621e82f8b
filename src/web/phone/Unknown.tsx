import type { Source } from "../sync/source.ts";
import { Banner, Button, EmptyState, Skeleton } from "../ui/parts.tsx";
import { words } from "../words/words.ts";

/** In the place of what is not known yet: grey blocks while it is asked for, else why it is not here and a way on. */
export function Unknown({ source }: { source: Source<unknown> }) {
  const w = words.value.states;
  const { refusal, unanswered } = source.reading.value;
  const again = <Button onClick={() => void source.refresh()}>{w.tryAgain}</Button>;
  if (refusal) {
    return (
      <Banner icon="warning" tone="error" action={again}>
        {refusal.detail}
      </Banner>
    );
  }
  if (!unanswered) return <Skeleton />;
  return (
    <EmptyState icon="noNetwork" action={again}>
      <p>{w.nothingHere}</p>
    </EmptyState>
  );
}

import { useEffect, useState } from "preact/hooks";
import { reachable, waitingSince } from "../api/request.ts";
import { sessionEnded, user } from "../device/session.ts";
import { newVersion, takeNewVersion } from "../device/update.ts";
import { Banner, Button, ButtonLink } from "../ui/parts.tsx";
import { clock } from "../words/format.ts";
import { words } from "../words/words.ts";

const SLOW_MS = 400;
const VERY_SLOW_MS = 10_000;

/** How long the oldest request without an answer has been under way: 0 for not long, 1 for slow, 2 for very slow. */
function useSlowness(): 0 | 1 | 2 {
  const since = waitingSince.value;
  const [slowness, setSlowness] = useState<0 | 1 | 2>(0);
  useEffect(() => {
    setSlowness(0);
    if (since === null) return;
    const slow = setTimeout(() => setSlowness(1), SLOW_MS);
    const verySlow = setTimeout(() => setSlowness(2), VERY_SLOW_MS);
    return () => {
      clearTimeout(slow);
      clearTimeout(verySlow);
    };
  }, [since]);
  return slowness;
}

/** A thin line at the foot of the header while something takes its time. */
export function SlowBar() {
  return useSlowness() > 0 ? <div class="slow" /> : null;
}

/** What there is to say about the state of the app, one line each, the gravest first. */
export function Lines({ asOf }: { asOf: number | null }) {
  const w = words.value.states;
  const slowness = useSlowness();
  return (
    <div class="lines">
      {sessionEnded.value && user.value && (
        <Banner
          icon="person"
          action={
            <ButtonLink kind="quiet" href="/sign-in">
              {w.signInAction}
            </ButtonLink>
          }
        >
          {w.signInAgain}
        </Banner>
      )}
      {!reachable.value && (
        <Banner icon="noNetwork">{asOf === null ? w.noNetworkYet : w.noNetwork(clock(asOf))}</Banner>
      )}
      {reachable.value && slowness === 2 && <Banner icon="hourglass">{w.stillTrying}</Banner>}
      {newVersion.value && (
        <Banner
          icon="reload"
          action={
            <Button kind="quiet" onClick={takeNewVersion}>
              {w.reload}
            </Button>
          }
        >
          {w.newVersion}
        </Banner>
      )}
    </div>
  );
}

import { useEffect, useState } from "preact/hooks";
import { PERMISSIONS } from "../../vocabulary/roles.ts";
import { user } from "../device/session.ts";
import { newVersion, takeNewVersion } from "../device/update.ts";
import { PAGES, type PageName } from "../pages.ts";
import { Button, ButtonLink, EmptyState } from "../ui/parts.tsx";
import { words } from "../words/words.ts";
import { Page } from "./Page.tsx";

/** An address that is none of ours. */
export function NotFound() {
  const w = words.value.notFound;
  return (
    <Page title={w.title} back="/">
      <EmptyState icon="search" action={<ButtonLink href="/">{w.home}</ButtonLink>}>
        <p>{w.hint}</p>
      </EmptyState>
    </Page>
  );
}

/** A page that is for others; nothing of it has been loaded. */
export function NotAllowed({ name }: { name: PageName }) {
  const w = words.value;
  const { permission } = PAGES[name];
  const least = permission in PERMISSIONS ? PERMISSIONS[permission as keyof typeof PERMISSIONS] : "technician";
  const who = least === "operator" ? "technician" : least;
  const role = user.value ? w.role[user.value.role].toLowerCase() : "";
  return (
    <Page title={w.notAllowed.title(w.notAllowed.who[who])} back="/">
      <EmptyState icon="person" action={<ButtonLink href="/">{w.notFound.home}</ButtonLink>}>
        <p>{w.notAllowed.hint(role)}</p>
      </EmptyState>
    </Page>
  );
}

/** A page whose code could not be fetched: an older version's, or there is no network. */
export function NeedsNetwork() {
  const w = words.value.states;
  const stale = newVersion.value;
  useEffect(() => {
    if (stale) takeNewVersion();
  }, [stale]);
  return (
    <Page title={words.value.app.name} back="/">
      <EmptyState
        icon="noNetwork"
        action={
          <Button icon="reload" onClick={() => location.reload()}>
            {w.tryAgain}
          </Button>
        }
      >
        <p>{w.needsNetwork}</p>
        <p>{w.needsNetworkHint}</p>
      </EmptyState>
    </Page>
  );
}

/** What is left when a page has broken. */
export function Crash({ error }: { error: unknown }) {
  const w = words.value.crash;
  const [copied, setCopied] = useState(false);
  const details = `${__VERSION__}\n${location.pathname}\n${navigator.userAgent}\n${error instanceof Error ? error.stack : error}`;
  return (
    <Page title={w.title}>
      <EmptyState
        icon="warning"
        action={
          <>
            <Button kind="main" icon="reload" onClick={() => location.reload()}>
              {words.value.states.reload}
            </Button>
            <Button kind="quiet" onClick={() => navigator.clipboard.writeText(details).then(() => setCopied(true))}>
              {copied ? w.copied : w.copy}
            </Button>
          </>
        }
      >
        <p>{w.hint}</p>
      </EmptyState>
    </Page>
  );
}

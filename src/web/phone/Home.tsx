import { Page } from "../app/Page.tsx";
import { user } from "../device/session.ts";
import { myQueue, myReports, unassigned } from "../sync/reads.ts";
import { useSource } from "../sync/source.ts";
import { Icon } from "../ui/Icon.tsx";
import { ButtonLink, EmptyState } from "../ui/parts.tsx";
import { words } from "../words/words.ts";
import { TicketCards } from "./TicketCard.tsx";
import { Unknown } from "./Unknown.tsx";

/** The first page: what is mine to do, or, for operators, what became of what I reported. */
export function Home() {
  return user.value?.role === "operator" ? <Reports /> : <Queue />;
}

function Queue() {
  const w = words.value.queue;
  const mine = myQueue();
  const { value, at } = useSource(mine);
  const nobodys = useSource(unassigned()).value?.tickets ?? [];
  return (
    <Page title={words.value.pages.home} asOf={at}>
      {value === null && <Unknown source={mine} />}
      {value?.tickets.length === 0 && (
        <EmptyState icon="check">
          <p>{w.empty}</p>
          {nobodys.length > 0 && <p>{w.emptyUnassigned(nobodys.length)}</p>}
        </EmptyState>
      )}
      {value && value.tickets.length > 0 && <TicketCards tickets={value.tickets} label={w.list} />}
      {value?.more && <p class="quiet small">{w.more}</p>}
      {value && nobodys.length > 0 && (
        <details class="more-cards" open={value.tickets.length === 0}>
          <summary>
            {w.unassigned(nobodys.length)}
            <Icon name="forward" size={20} />
          </summary>
          <TicketCards tickets={nobodys} label={w.unassigned(nobodys.length)} />
        </details>
      )}
    </Page>
  );
}

function Reports() {
  const w = words.value.reports;
  const mine = myReports();
  const { value, at } = useSource(mine);
  return (
    <Page title={w.title} asOf={at}>
      <ButtonLink kind="main" icon="report" href="/report">
        {w.report}
      </ButtonLink>
      {value === null && <Unknown source={mine} />}
      {value?.tickets.length === 0 && (
        <EmptyState icon="reports">
          <p>{w.empty}</p>
        </EmptyState>
      )}
      {value && value.tickets.length > 0 && <TicketCards tickets={value.tickets} label={w.list} />}
    </Page>
  );
}

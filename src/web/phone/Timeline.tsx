import type { TicketStatus } from "../../vocabulary/statuses.ts";
import type { TimelineAction } from "../../vocabulary/timeline.ts";
import type { TimelineEntry } from "../api/types.ts";
import { Icon, type IconName } from "../ui/Icon.tsx";
import { moment } from "../words/format.ts";
import { words } from "../words/words.ts";

const ICONS: Record<TimelineAction, IconName> = {
  created: "report",
  updated: "edit",
  status_changed: "forward",
  assigned: "person",
  commented: "note",
  acknowledged: "check",
  attached: "photo",
  deleted: "bin",
  notified: "bell",
  notification_failed: "warning",
};

/** What an entry says, in one sentence. */
function sentence({ action, user_name, new_value, comment }: TimelineEntry): string {
  const w = words.value.timeline;
  const who = user_name ?? w.somebody;
  switch (action) {
    case "status_changed":
      return w.status_changed(who, words.value.status[new_value as TicketStatus] ?? "");
    case "assigned":
      if (new_value === null) return w.unassigned(who);
      return new_value === user_name ? w.taken(who) : w.assigned(who, new_value);
    case "notified":
      return user_name === null ? w.customerNotified : w.notified(who);
    case "attached":
      return w.attached(who, comment ?? "");
    default:
      return w[action](who);
  }
}

/** Entries whose comment is words for people, and not the name of a file or why something technical went wrong. */
const saysSomething = ({ action, comment }: TimelineEntry): boolean =>
  comment !== null && action !== "attached" && !action.startsWith("notif");

/** What has happened to a ticket, from the first to the last. */
export function Timeline({ entries, earlier }: { entries: TimelineEntry[]; earlier: boolean }) {
  const w = words.value.ticket;
  return (
    <section class="section">
      <h2>{w.history}</h2>
      {earlier && <p class="quiet small">{w.earlier}</p>}
      <ol class="timeline">
        {entries.map((entry) => (
          <li key={entry.id} class={`entry ${entry.action}`}>
            <Icon name={ICONS[entry.action]} size={20} />
            <p class="entry-head">
              <bdi>{sentence(entry)}</bdi>
              <time dateTime={entry.created_at}>{moment(entry.created_at)}</time>
            </p>
            {saysSomething(entry) && (
              <p class="said" dir="auto">
                {entry.comment}
              </p>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}

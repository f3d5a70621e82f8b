import type { TicketPriority } from "../../vocabulary/priorities.ts";
import type { TicketStatus } from "../../vocabulary/statuses.ts";
import { since } from "../words/format.ts";
import { words } from "../words/words.ts";
import { Icon } from "./Icon.tsx";

/** What stands in the circle of a status; filled parts have a class of their own. */
const STATUS = {
  received: null,
  diagnostic: <path class="filled" d="M10 10V2.5A7.5 7.5 0 0 1 17.5 10z" />,
  in_progress: <path class="filled" d="M10 2.5a7.5 7.5 0 0 1 0 15z" />,
  waiting_parts: <path d="M8 7v6M12 7v6" />,
  completed: <path d="M6.5 10.3l2.5 2.5 4.5-5" />,
  cancelled: <path d="M7.3 7.3l5.4 5.4M12.7 7.3l-5.4 5.4" />,
  archived: null,
} satisfies Record<TicketStatus, preact.JSX.Element | null>;

/** Where a ticket stands: a shape and a word, no colour. */
export function StatusMark({ status }: { status: TicketStatus }) {
  return (
    <span class="mark">
      <svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false">
        {status === "archived" ? <path d="M3 4h14v4H3zM4.5 8v8.5h11V8M8 11.5h4" /> : <circle cx="10" cy="10" r="7.5" />}
        {STATUS[status]}
      </svg>
      {words.value.status[status]}
    </span>
  );
}

/** The octagon of a stop sign. */
export function Octagon() {
  return (
    <svg class="octagon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false">
      <path d="M6.3 1h7.4L19 6.3v7.4L13.7 19H6.3L1 13.7V6.3z" />
      <path class="sign" d="M10 5.5v5.5M10 14.3v.01" />
    </svg>
  );
}

/** How urgent a ticket is. What is usual says nothing, unless it is asked for. */
export function PriorityMark({ priority, always = false }: { priority: TicketPriority; always?: boolean }) {
  const word = words.value.priority[priority];
  if (priority === "medium" && !always) return null;
  return (
    <span class={`mark priority-${priority}`}>
      {priority === "critical" && <Octagon />}
      {(priority === "high" || priority === "low") && (
        <svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false">
          <path d={priority === "high" ? "M4.5 12.5 10 7l5.5 5.5" : "M4.5 7.5 10 13l5.5-5.5"} />
        </svg>
      )}
      {word}
    </span>
  );
}

/** That the machine stands still, and for how long. */
export function Stopped({ at }: { at: string }) {
  return (
    <p class="stopped">
      <Octagon />
      <span class="capitals">{words.value.stopped}</span> {since(at)}
    </p>
  );
}

/** That something should be done by now. */
export function LateMark({ text }: { text: string }) {
  return (
    <span class="late">
      <Icon name="clock" size={20} />
      {text}
    </span>
  );
}

import { textsFrom, type Word, written } from "../../../bench/texts.ts";
import { type Filling, type Row, range } from "./filling.ts";

export const TICKETS = 20_000;
export const YEAR_MINUTES = 365 * 24 * 60;
export const CODES = ["CNC", "LAT", "GRD", "PRS"];
export const MACHINES = 12;
export const CUSTOMERS = 500;
export const PEOPLE = ["admin", "supervisor", "technician", "operator"];
export const nameOf = (role: string | undefined): string => `Old ${role}`;
const OPEN_TICKETS = 300;

export interface OldTicket {
  id: number;
  ticket_id: string;
  words: Word[];
  machine: number;
  isDeleted: boolean;
}

/** A year of tickets, the last of them open, with their timelines, and the words that they are found by. */
export function fillTickets({ at, insert }: Filling) {
  const texts = textsFrom(19);
  const counters = new Map<string, number>();
  const tickets: OldTicket[] = [];
  const rows: Row[] = [];
  const entries: Row[] = [];
  const terms = new Set<string>();
  for (const id of range(TICKETS)) {
    const machine = 1 + Math.floor(texts.random() * MACHINES);
    const created = at(Math.floor(((TICKETS - id + 1) * YEAR_MINUTES) / TICKETS));
    const ended = new Date(Date.parse(created) + texts.random() * 7_200_000).toISOString();
    const counter = `${CODES[machine % CODES.length]}-${created.slice(5, 7)}${created.slice(2, 4)}`;
    const number = (counters.get(counter) ?? 0) + 1;
    counters.set(counter, number);
    const digits = `${number}`.padStart(4, "0");
    const title = texts.title();
    const description = texts.description(id % 10 === 0 ? 60 : 12);
    const found = new Set([...title, ...description].map((word) => word.folded));
    const isOpen = id > TICKETS - OPEN_TICKETS;
    const status = isOpen
      ? (["received", "diagnostic", "in_progress", "waiting_parts"][id % 4] ?? "received")
      : (["completed", "completed", "completed", "archived", "cancelled"][id % 5] ?? "completed");
    const isDone = status === "completed" || status === "archived";
    const isDeleted = id % 97 === 0;
    tickets.push({
      id,
      ticket_id: `${counter}-${digits}`,
      words: [...title, ...description, { written: digits, folded: digits }],
      machine,
      isDeleted,
    });
    rows.push({
      ticket_id: `${counter}-${digits}`,
      title: written(title),
      description: written(description),
      status,
      priority: ["low", "medium", "high", "critical"][id % 4] ?? "low",
      machine_id: machine,
      machine_type_id: 1 + (machine % CODES.length),
      customer_id: id % 5 === 0 ? 1 + (id % CUSTOMERS) : null,
      reported_by: 1 + (id % PEOPLE.length),
      reporter_name: nameOf(PEOPLE[id % 4]),
      assigned_to: id % 3 === 0 ? null : 3,
      is_machine_down: isOpen || id % 6 ? 0 : 1,
      reported_at: created,
      acknowledged_at: isDone ? ended : null,
      acknowledged_by: isDone ? 3 : null,
      completed_at: isDone ? ended : null,
      created_at: created,
      updated_at: isDone ? ended : created,
      deleted_at: isDeleted ? at(1) : null,
      escalated_at: id % 4 === 3 ? ended : null,
      version: 1 + (id % 3),
      search_text: [...found, digits].map((word) => ` ${word}`).join(""),
    });
    for (const word of [...found, digits]) terms.add(`${word} ${id}`);
    entries.push({
      ticket_id: id,
      user_id: 1 + (id % 4),
      user_name: nameOf(PEOPLE[id % 4]),
      action: "created",
      new_value: "received",
      created_at: created,
    });
    if (isDone) {
      entries.push({
        ticket_id: id,
        user_id: 3,
        user_name: nameOf("technician"),
        action: "status_changed",
        old_value: "received",
        new_value: "completed",
        comment: id % 2 ? "Mis en marche à l'essai." : null,
        created_at: ended,
      });
    }
  }
  insert("tickets", rows);
  insert("ticket_timeline", entries);
  // In the order of the key: sorted rows go in three times as fast.
  insert(
    "ticket_terms",
    [...terms].sort().map((entry) => ({ term: entry.split(" ")[0] ?? "", ticket_id: Number(entry.split(" ")[1]) })),
  );
  insert(
    "ticket_counters",
    [...counters].map(([counter, last_number]) => ({
      code: counter.slice(0, 3),
      month: counter.slice(4),
      last_number,
    })),
  );
  return { tickets, counters };
}

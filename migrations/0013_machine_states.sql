-- What a person has set by hand stands apart from what open tickets say, so that only its own cause lifts a state.
-- status stays what holds: it follows from set_status and the tickets, in the batch that changes either.
ALTER TABLE machines ADD COLUMN set_status TEXT CONSTRAINT machines_set_status CHECK (set_status IN ('maintenance', 'out_of_service'));
ALTER TABLE machines ADD COLUMN set_by INTEGER REFERENCES users (id);
ALTER TABLE machines ADD COLUMN set_reason TEXT CONSTRAINT machines_set_reason CHECK (length(set_reason) BETWEEN 1 AND 500);
-- Since when the status holds for its cause; NULL where that was before it was kept.
ALTER TABLE machines ADD COLUMN status_since TEXT;
ALTER TABLE machines ADD COLUMN status_cause TEXT
  GENERATED ALWAYS AS (CASE WHEN status = 'operational' THEN NULL WHEN status = set_status THEN 'person' ELSE 'tickets' END) VIRTUAL;

UPDATE machines SET set_status = status
WHERE status = 'maintenance' OR (status = 'out_of_service' AND NOT EXISTS (
  SELECT 1 FROM tickets t WHERE t.machine_id = machines.id AND t.is_machine_down = 1 AND t.is_open = 1));
-- A machine in maintenance that a ticket says is down is out of service until that ticket ends.
UPDATE machines SET status = 'out_of_service'
WHERE status = 'maintenance' AND EXISTS (
  SELECT 1 FROM tickets t WHERE t.machine_id = machines.id AND t.is_machine_down = 1 AND t.is_open = 1);

CREATE TABLE machine_timeline (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  machine_id INTEGER NOT NULL REFERENCES machines (id),
  user_id    INTEGER NOT NULL REFERENCES users (id),
  user_name  TEXT    NOT NULL,
  old_value  TEXT    NOT NULL,
  new_value  TEXT    NOT NULL,
  cause      TEXT    NOT NULL CONSTRAINT machine_timeline_cause CHECK (cause IN ('person', 'tickets')),
  -- The ticket that made the machine stop or run again.
  ticket_id  INTEGER REFERENCES tickets (id),
  comment    TEXT,
  created_at TEXT    NOT NULL
) STRICT;

CREATE INDEX machine_timeline_machine_id ON machine_timeline (machine_id, id);

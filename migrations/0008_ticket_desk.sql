-- What finding, following and closing tickets needs.

-- The type is kept with the ticket so that a list by type reads one index.
ALTER TABLE tickets ADD COLUMN machine_type_id INTEGER REFERENCES machine_types (id);
UPDATE tickets SET machine_type_id = (SELECT machine_type_id FROM machines WHERE machines.id = tickets.machine_id);

-- For sorting: the most urgent first.
ALTER TABLE tickets ADD COLUMN priority_rank INTEGER
  GENERATED ALWAYS AS (CASE priority WHEN 'critical' THEN 3 WHEN 'high' THEN 2 WHEN 'medium' THEN 1 ELSE 0 END) VIRTUAL;
ALTER TABLE tickets ADD COLUMN is_open INTEGER
  GENERATED ALWAYS AS (status IN ('received', 'diagnostic', 'in_progress', 'waiting_parts') AND deleted_at IS NULL) VIRTUAL;

-- The scheduled_date that people were told was past; another date is told anew.
ALTER TABLE tickets ADD COLUMN overdue_notified_for TEXT;
ALTER TABLE tickets ADD COLUMN escalated_at TEXT;

DROP INDEX tickets_machine_id;
CREATE INDEX tickets_updated_at ON tickets (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX tickets_priority ON tickets (priority_rank, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX tickets_status ON tickets (status, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX tickets_status_updated ON tickets (status, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX tickets_machine ON tickets (machine_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX tickets_machine_type ON tickets (machine_type_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX tickets_reporter ON tickets (reported_by, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX tickets_assignee ON tickets (assigned_to, created_at, id) WHERE assigned_to IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX tickets_unassigned ON tickets (created_at, id) WHERE assigned_to IS NULL AND deleted_at IS NULL;
CREATE INDEX tickets_customer ON tickets (customer_id, created_at, id) WHERE customer_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX tickets_completed ON tickets (completed_at) WHERE completed_at IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX tickets_queue ON tickets (assigned_to) WHERE assigned_to IS NOT NULL AND is_open = 1;
CREATE INDEX tickets_down ON tickets (machine_id) WHERE is_machine_down = 1 AND is_open = 1;
CREATE INDEX tickets_scheduled ON tickets (scheduled_date) WHERE scheduled_date IS NOT NULL AND is_open = 1;
CREATE INDEX tickets_unacknowledged ON tickets (created_at)
  WHERE priority = 'critical' AND acknowledged_at IS NULL AND escalated_at IS NULL AND is_open = 1;

-- The words of each ticket, folded to lower case without accents: an inverted index in plain tables, because
-- `d1 export` refuses a database with FTS5 tables, and a shop must be able to take its data along.
CREATE TABLE ticket_terms (
  term      TEXT    NOT NULL,
  -- No foreign key: what is derived must not stand in the way of what it is derived from.
  ticket_id INTEGER NOT NULL,
  PRIMARY KEY (term, ticket_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX ticket_terms_ticket_id ON ticket_terms (ticket_id, term);

-- The same for a machine's name, model and serial number: few rows, searched as one text ' word word'.
ALTER TABLE machines ADD COLUMN search_text TEXT NOT NULL DEFAULT '';
UPDATE machines SET search_text = ' ' || lower(replace(name || ' ' || coalesce(model, '') || ' ' || coalesce(serial_number, ''), '-', ' '));

CREATE TABLE attachments (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  ticket_id    INTEGER NOT NULL REFERENCES tickets (id),
  user_id      INTEGER NOT NULL REFERENCES users (id),
  file_name    TEXT    NOT NULL CHECK (length(file_name) BETWEEN 1 AND 200),
  content_type TEXT    NOT NULL,
  size_bytes   INTEGER NOT NULL CHECK (size_bytes BETWEEN 1 AND 10485760),
  sha256       TEXT    NOT NULL CHECK (length(sha256) = 64),
  -- Unguessable, and not derived from anything a person typed.
  object_key   TEXT    NOT NULL UNIQUE,
  created_at   TEXT    NOT NULL
) STRICT;
CREATE INDEX attachments_ticket_id ON attachments (ticket_id, id);

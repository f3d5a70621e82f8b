-- Customers come first because a ticket may name one.
CREATE TABLE customers (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  name        TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  company     TEXT,
  email       TEXT,
  phone       TEXT,
  whatsapp    TEXT,
  language    TEXT    CHECK (language IN ('en', 'fr')),
  notes       TEXT,
  version     INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
  created_at  TEXT    NOT NULL,
  updated_at  TEXT    NOT NULL,
  archived_at TEXT
) STRICT;

-- The last number given per machine type code and month (MMYY in the shop's zone).
-- It only ever rises, so a number is never given twice, not even after a delete.
CREATE TABLE ticket_counters (
  code        TEXT    NOT NULL,
  month       TEXT    NOT NULL CHECK (month GLOB '[01][0-9][0-9][0-9]'),
  last_number INTEGER NOT NULL CHECK (last_number >= 1),
  PRIMARY KEY (code, month)
) STRICT, WITHOUT ROWID;

CREATE TABLE tickets (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  ticket_id       TEXT    NOT NULL UNIQUE CHECK (length(ticket_id) >= 12 AND ticket_id GLOB '[A-Z]*-[0-9][0-9][0-9][0-9]-*[0-9]'),
  title           TEXT    NOT NULL CHECK (length(title) BETWEEN 3 AND 200),
  description     TEXT    CHECK (length(description) <= 5000),
  status          TEXT    NOT NULL DEFAULT 'received'
                  CHECK (status IN ('received', 'diagnostic', 'in_progress', 'waiting_parts', 'completed', 'cancelled', 'archived')),
  priority        TEXT    NOT NULL DEFAULT 'medium' CHECK (priority IN ('low', 'medium', 'high', 'critical')),
  machine_id      INTEGER NOT NULL REFERENCES machines (id),
  customer_id     INTEGER REFERENCES customers (id),
  reported_by     INTEGER NOT NULL REFERENCES users (id),
  reporter_name   TEXT    NOT NULL CHECK (length(reporter_name) BETWEEN 1 AND 100),
  assigned_to     INTEGER REFERENCES users (id),
  is_machine_down INTEGER NOT NULL DEFAULT 0 CHECK (is_machine_down IN (0, 1)),
  scheduled_date  TEXT,
  reported_at     TEXT    NOT NULL,
  acknowledged_at TEXT,
  acknowledged_by INTEGER REFERENCES users (id),
  completed_at    TEXT,
  created_at      TEXT    NOT NULL,
  updated_at      TEXT    NOT NULL,
  deleted_at      TEXT,
  version         INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
  CHECK ((acknowledged_at IS NULL) = (acknowledged_by IS NULL)),
  CHECK (CASE status WHEN 'completed' THEN completed_at IS NOT NULL WHEN 'archived' THEN 1 ELSE completed_at IS NULL END)
) STRICT;
CREATE INDEX tickets_created_at ON tickets (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX tickets_machine_id ON tickets (machine_id, created_at);

-- Append-only: what happened, by whom. Names are kept as they were at the time.
CREATE TABLE ticket_timeline (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  ticket_id  INTEGER NOT NULL REFERENCES tickets (id),
  user_id    INTEGER REFERENCES users (id),
  user_name  TEXT,
  action     TEXT    NOT NULL CHECK (action IN ('created', 'updated', 'status_changed', 'assigned', 'commented', 'acknowledged',
                                                'attached', 'deleted', 'notified', 'notification_failed')),
  old_value  TEXT,
  new_value  TEXT,
  comment    TEXT,
  created_at TEXT    NOT NULL
) STRICT;
CREATE INDEX ticket_timeline_ticket_id ON ticket_timeline (ticket_id, id);

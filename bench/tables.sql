-- What the compared cases write to, in the shape of migrations/0003_tickets.sql, so that no case disturbs another.

CREATE TABLE seed_tickets (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  ticket_id       TEXT    NOT NULL UNIQUE,
  title           TEXT    NOT NULL,
  description     TEXT,
  status          TEXT    NOT NULL DEFAULT 'received',
  priority        TEXT    NOT NULL DEFAULT 'medium',
  machine_id      INTEGER NOT NULL REFERENCES machines (id),
  reported_by     INTEGER NOT NULL REFERENCES users (id),
  reporter_name   TEXT    NOT NULL,
  assigned_to     INTEGER REFERENCES users (id),
  is_machine_down INTEGER NOT NULL DEFAULT 0,
  scheduled_date  TEXT,
  created_at      TEXT    NOT NULL,
  updated_at      TEXT    NOT NULL
) STRICT;
CREATE INDEX seed_tickets_created_at ON seed_tickets (created_at, id);
CREATE INDEX seed_tickets_machine_id ON seed_tickets (machine_id, created_at);

CREATE TABLE seed_timeline (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  ticket_id  INTEGER NOT NULL REFERENCES seed_tickets (id),
  user_id    INTEGER REFERENCES users (id),
  action     TEXT    NOT NULL,
  new_value  TEXT,
  created_at TEXT    NOT NULL
) STRICT;
CREATE INDEX seed_timeline_ticket_id ON seed_timeline (ticket_id, id);

CREATE TABLE floor_counters (
  code        TEXT    NOT NULL,
  month       TEXT    NOT NULL,
  last_number INTEGER NOT NULL,
  PRIMARY KEY (code, month)
) STRICT, WITHOUT ROWID;

CREATE TABLE floor_tickets (
  id            INTEGER PRIMARY KEY,
  ticket_id     TEXT    NOT NULL UNIQUE,
  title         TEXT    NOT NULL,
  description   TEXT,
  status        TEXT    NOT NULL DEFAULT 'received',
  priority      TEXT    NOT NULL,
  machine_id    INTEGER NOT NULL,
  reported_by   INTEGER NOT NULL,
  reporter_name TEXT    NOT NULL,
  assigned_to   INTEGER,
  created_at    TEXT    NOT NULL,
  updated_at    TEXT    NOT NULL
) STRICT;

CREATE TABLE floor_timeline (
  id         INTEGER PRIMARY KEY,
  ticket_id  INTEGER NOT NULL,
  user_id    INTEGER,
  action     TEXT    NOT NULL,
  new_value  TEXT,
  created_at TEXT    NOT NULL
) STRICT;

CREATE TABLE bare_rows (
  id          INTEGER PRIMARY KEY,
  title       TEXT    NOT NULL,
  description TEXT,
  priority    TEXT    NOT NULL,
  machine_id  INTEGER NOT NULL,
  created_at  TEXT    NOT NULL
) STRICT;

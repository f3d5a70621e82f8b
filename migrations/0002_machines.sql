-- What breaks. The type's code is the ticket prefix and always explicit.

CREATE TABLE machine_types (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  code       TEXT NOT NULL UNIQUE CHECK (length(code) BETWEEN 2 AND 6 AND code NOT GLOB '*[^A-Z]*'),
  name       TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;

CREATE TABLE machines (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  machine_type_id INTEGER NOT NULL REFERENCES machine_types (id),
  name            TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  model           TEXT    CHECK (length(model) BETWEEN 1 AND 100),
  serial_number   TEXT    UNIQUE CHECK (length(serial_number) BETWEEN 1 AND 100),
  location        TEXT    CHECK (length(location) BETWEEN 1 AND 200),
  status          TEXT    NOT NULL DEFAULT 'operational' CHECK (status IN ('operational', 'maintenance', 'out_of_service')),
  qr_token        TEXT    NOT NULL UNIQUE CHECK (length(qr_token) = 22),
  created_at      TEXT    NOT NULL,
  updated_at      TEXT    NOT NULL,
  retired_at      TEXT
) STRICT;
CREATE INDEX machines_machine_type_id ON machines (machine_type_id);

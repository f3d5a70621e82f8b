-- The outbox: everything that leaves, written in the batch of the change that causes it.
-- A row is one job per channel, target, subject and event. An upsert raises its generation, so that a newer payload
-- is delivered even when it arrives while the older one is on its way.
CREATE TABLE deliveries (
  id                 INTEGER PRIMARY KEY AUTOINCREMENT,
  channel            TEXT    NOT NULL CHECK (channel IN ('push', 'webhook', 'email', 'stripe')),
  target             TEXT    NOT NULL CHECK (length(target) BETWEEN 3 AND 300),
  subject            TEXT    NOT NULL CHECK (length(subject) BETWEEN 3 AND 300),
  event_type         TEXT    NOT NULL CHECK (length(event_type) BETWEEN 3 AND 100),
  payload            TEXT    NOT NULL CHECK (json_valid(payload)),
  status             TEXT    NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'processing', 'completed', 'failed')),
  attempts           INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  next_attempt_at    TEXT,
  lease_token        TEXT,
  lease_until        TEXT,
  generation         INTEGER NOT NULL DEFAULT 1 CHECK (generation >= 1),
  claimed_generation INTEGER CHECK (claimed_generation BETWEEN 1 AND generation),
  last_error         TEXT,
  created_at         TEXT    NOT NULL,
  updated_at         TEXT    NOT NULL,
  completed_at       TEXT,
  UNIQUE (channel, target, subject, event_type),
  CHECK ((status = 'pending') = (next_attempt_at IS NOT NULL)),
  CHECK ((status = 'processing') = (lease_token IS NOT NULL)),
  CHECK ((status = 'processing') = (lease_until IS NOT NULL)),
  CHECK ((status = 'processing') = (claimed_generation IS NOT NULL)),
  CHECK ((status = 'completed') = (completed_at IS NOT NULL))
) STRICT;
CREATE INDEX deliveries_due ON deliveries (next_attempt_at) WHERE status = 'pending';
CREATE INDEX deliveries_leased ON deliveries (lease_until) WHERE status = 'processing';
CREATE INDEX deliveries_failed ON deliveries (updated_at) WHERE status = 'failed';
CREATE INDEX deliveries_completed ON deliveries (completed_at) WHERE status = 'completed';
CREATE INDEX deliveries_subject ON deliveries (subject);

-- What happened at each try. `response` is the first 2 KiB of what the receiver said.
CREATE TABLE delivery_attempts (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  delivery_id INTEGER NOT NULL REFERENCES deliveries (id),
  generation  INTEGER NOT NULL,
  attempt     INTEGER NOT NULL CHECK (attempt >= 1),
  started_at  TEXT    NOT NULL,
  duration_ms INTEGER NOT NULL CHECK (duration_ms >= 0),
  http_status INTEGER,
  error       TEXT,
  response    TEXT
) STRICT;
CREATE INDEX delivery_attempts_delivery_id ON delivery_attempts (delivery_id, id);

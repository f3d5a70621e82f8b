-- A device that asked for notifications. The endpoint belongs to whoever subscribed on the device last.
CREATE TABLE push_subscriptions (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id      INTEGER NOT NULL REFERENCES users (id),
  -- The session that subscribed: signing out removes its devices. No foreign key, since sessions come and go.
  session_id   INTEGER,
  endpoint     TEXT    NOT NULL UNIQUE,
  p256dh       TEXT    NOT NULL,
  auth         TEXT    NOT NULL,
  device_name  TEXT,
  created_at   TEXT    NOT NULL,
  last_used_at TEXT    NOT NULL
) STRICT;
CREATE INDEX push_subscriptions_user_id ON push_subscriptions (user_id, last_used_at);
CREATE INDEX push_subscriptions_session_id ON push_subscriptions (session_id);

-- One row per device and try, or one `no_device` row when there was nobody to send to.
CREATE TABLE push_logs (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  delivery_id     INTEGER NOT NULL REFERENCES deliveries (id),
  generation      INTEGER NOT NULL,
  ticket_id       INTEGER REFERENCES tickets (id),
  user_id         INTEGER NOT NULL REFERENCES users (id),
  -- No foreign key: the log outlives the device.
  subscription_id INTEGER,
  status          TEXT    NOT NULL CHECK (status IN ('success', 'failed', 'expired', 'no_device')),
  http_status     INTEGER,
  error_message   TEXT,
  -- The push service asked not to be called again for this device before this instant.
  not_before      TEXT,
  attempt         INTEGER NOT NULL CHECK (attempt >= 1),
  created_at      TEXT    NOT NULL,
  CHECK ((status = 'no_device') = (subscription_id IS NULL))
) STRICT;
CREATE INDEX push_logs_delivery_id ON push_logs (delivery_id, id);
CREATE INDEX push_logs_ticket_id ON push_logs (ticket_id, id);
CREATE INDEX push_logs_user_id ON push_logs (user_id, id);

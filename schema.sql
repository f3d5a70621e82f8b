-- Generated from migrations/ by `npm run db:schema`. Do not edit.

CREATE TABLE verifications (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  identifier TEXT NOT NULL,
  value      TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;

CREATE INDEX verifications_identifier ON verifications (identifier);

CREATE TABLE stripe_events (
  id          TEXT    NOT NULL PRIMARY KEY,
  type        TEXT    NOT NULL,
  object_id   TEXT,
  -- When it happened, in seconds since the epoch, as Stripe counts.
  created     INTEGER NOT NULL,
  -- Of several requests with one event, the one that stored it.
  receipt     TEXT    NOT NULL,
  received_at TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX stripe_events_object_id ON stripe_events (object_id, created);

CREATE INDEX stripe_events_received_at ON stripe_events (received_at);

CREATE TABLE stats_marks (
  -- No CHECK: what is derived must not stand in the way of what it is derived from.
  first_day TEXT NOT NULL,
  last_day  TEXT NOT NULL,
  PRIMARY KEY (first_day, last_day)
) STRICT, WITHOUT ROWID;

CREATE TABLE unfinished_purges (
  name  TEXT NOT NULL PRIMARY KEY,
  since TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  name           TEXT    NOT NULL CONSTRAINT users_name CHECK (length(name) BETWEEN 1 AND 100),
  email          TEXT    NOT NULL UNIQUE CONSTRAINT users_email CHECK (email = lower(email)),
  email_verified INTEGER NOT NULL DEFAULT 0 CONSTRAINT users_email_verified CHECK (email_verified IN (0, 1)),
  image          TEXT,
  role           TEXT    NOT NULL DEFAULT 'operator'
                 CONSTRAINT users_role CHECK (role IN ('operator', 'technician', 'supervisor', 'admin')),
  language       TEXT    CONSTRAINT users_language CHECK (language IN ('en', 'fr')),
  active         INTEGER NOT NULL DEFAULT 1 CONSTRAINT users_active CHECK (active IN (0, 1)),
  created_at     TEXT    NOT NULL,
  updated_at     TEXT    NOT NULL
) STRICT;

CREATE TABLE sessions (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id    INTEGER NOT NULL REFERENCES users (id),
  token      TEXT    NOT NULL UNIQUE,
  expires_at TEXT    NOT NULL,
  ip_address TEXT,
  user_agent TEXT,
  created_at TEXT    NOT NULL,
  updated_at TEXT    NOT NULL
) STRICT;

CREATE INDEX sessions_user_id ON sessions (user_id);

CREATE TABLE accounts (
  id                       INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id                  INTEGER NOT NULL REFERENCES users (id),
  account_id               TEXT    NOT NULL,
  provider_id              TEXT    NOT NULL,
  password                 TEXT,
  access_token             TEXT,
  refresh_token            TEXT,
  id_token                 TEXT,
  access_token_expires_at  TEXT,
  refresh_token_expires_at TEXT,
  scope                    TEXT,
  created_at               TEXT    NOT NULL,
  updated_at               TEXT    NOT NULL,
  UNIQUE (provider_id, account_id)
) STRICT;

CREATE INDEX accounts_user_id ON accounts (user_id);

CREATE TABLE api_keys (
  id                     INTEGER PRIMARY KEY AUTOINCREMENT,
  config_id              TEXT    NOT NULL DEFAULT 'default',
  name                   TEXT,
  start                  TEXT,
  prefix                 TEXT,
  key                    TEXT    NOT NULL UNIQUE,
  user_id                INTEGER NOT NULL REFERENCES users (id),
  refill_interval        INTEGER,
  refill_amount          INTEGER,
  last_refill_at         TEXT,
  enabled                INTEGER NOT NULL DEFAULT 1 CONSTRAINT api_keys_enabled CHECK (enabled IN (0, 1)),
  rate_limit_enabled     INTEGER NOT NULL DEFAULT 1
                         CONSTRAINT api_keys_rate_limit_enabled CHECK (rate_limit_enabled IN (0, 1)),
  rate_limit_time_window INTEGER,
  rate_limit_max         INTEGER,
  request_count          INTEGER NOT NULL DEFAULT 0,
  remaining              INTEGER,
  last_request           TEXT,
  expires_at             TEXT,
  permissions            TEXT,
  metadata               TEXT,
  created_at             TEXT    NOT NULL,
  updated_at             TEXT    NOT NULL
) STRICT;

CREATE INDEX api_keys_user_id ON api_keys (user_id);

CREATE TABLE machine_types (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  code       TEXT NOT NULL UNIQUE
             CONSTRAINT machine_types_code CHECK (length(code) BETWEEN 2 AND 6 AND code NOT GLOB '*[^A-Z]*'),
  name       TEXT NOT NULL CONSTRAINT machine_types_name CHECK (length(name) BETWEEN 1 AND 100),
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;

CREATE TABLE machines (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  machine_type_id INTEGER NOT NULL REFERENCES machine_types (id),
  name            TEXT    NOT NULL CONSTRAINT machines_name CHECK (length(name) BETWEEN 1 AND 100),
  model           TEXT    CONSTRAINT machines_model CHECK (length(model) BETWEEN 1 AND 100),
  serial_number   TEXT    UNIQUE CONSTRAINT machines_serial_number CHECK (length(serial_number) BETWEEN 1 AND 100),
  location        TEXT    CONSTRAINT machines_location CHECK (length(location) BETWEEN 1 AND 200),
  status          TEXT    NOT NULL DEFAULT 'operational'
                  CONSTRAINT machines_status CHECK (status IN ('operational', 'maintenance', 'out_of_service')),
  qr_token        TEXT    NOT NULL UNIQUE CONSTRAINT machines_qr_token CHECK (length(qr_token) = 22),
  created_at      TEXT    NOT NULL,
  updated_at      TEXT    NOT NULL,
  retired_at      TEXT,
  search_text     TEXT    NOT NULL DEFAULT '',
  set_status      TEXT    CONSTRAINT machines_set_status CHECK (set_status IN ('maintenance', 'out_of_service')),
  set_by          INTEGER REFERENCES users (id),
  set_reason      TEXT    CONSTRAINT machines_set_reason CHECK (length(set_reason) BETWEEN 1 AND 500),
  status_since    TEXT,
  status_cause    TEXT
                  GENERATED ALWAYS AS (CASE WHEN status = 'operational' THEN NULL WHEN status = set_status THEN 'person' ELSE 'tickets' END) VIRTUAL
) STRICT;

CREATE INDEX machines_machine_type_id ON machines (machine_type_id);

CREATE TRIGGER stats_machine_retired AFTER UPDATE OF retired_at ON machines
WHEN OLD.retired_at IS NOT NEW.retired_at
  AND MIN(coalesce(OLD.retired_at, NEW.retired_at), coalesce(NEW.retired_at, OLD.retired_at))
      < (SELECT ends_at FROM stats_days ORDER BY starts_at DESC LIMIT 1)
BEGIN
  INSERT INTO stats_marks (first_day, last_day)
  SELECT substr(MIN(coalesce(OLD.retired_at, NEW.retired_at), coalesce(NEW.retired_at, OLD.retired_at)), 1, 10),
         '9999-12-31'
  WHERE true ON CONFLICT DO NOTHING;
END;

CREATE TABLE customers (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  name        TEXT    NOT NULL CONSTRAINT customers_name CHECK (length(name) BETWEEN 1 AND 200),
  company     TEXT,
  email       TEXT,
  phone       TEXT,
  whatsapp    TEXT,
  language    TEXT    CONSTRAINT customers_language CHECK (language IN ('en', 'fr')),
  notes       TEXT,
  version     INTEGER NOT NULL DEFAULT 1 CONSTRAINT customers_version CHECK (version >= 1),
  created_at  TEXT    NOT NULL,
  updated_at  TEXT    NOT NULL,
  archived_at TEXT,
  name_words  TEXT    NOT NULL DEFAULT '',
  company_words TEXT  NOT NULL DEFAULT '',
  search_text TEXT GENERATED ALWAYS AS (
    name_words || company_words
    || coalesce(' ' || replace(replace(replace(replace(replace(replace(lower(email),
         '@', ' '), '.', ' '), '-', ' '), '_', ' '), '+', ' '), '''', ' '), '')
    || coalesce(' ' || substr(phone, 2), '') || coalesce(' ' || substr(whatsapp, 2), '')) VIRTUAL,
  erased_at   TEXT
) STRICT;

CREATE INDEX customers_archived ON customers (id) WHERE archived_at IS NOT NULL;

CREATE TABLE ticket_counters (
  code        TEXT    NOT NULL,
  month       TEXT    NOT NULL CONSTRAINT ticket_counters_month CHECK (month GLOB '[01][0-9][0-9][0-9]'),
  last_number INTEGER NOT NULL CONSTRAINT ticket_counters_last_number CHECK (last_number >= 1),
  PRIMARY KEY (code, month)
) STRICT, WITHOUT ROWID;

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

CREATE INDEX push_subscriptions_session_id ON push_subscriptions (session_id);

CREATE TABLE webhook_endpoints (
  id                    INTEGER PRIMARY KEY AUTOINCREMENT,
  url                   TEXT    NOT NULL CONSTRAINT webhook_endpoints_url CHECK (length(url) BETWEEN 10 AND 2000),
  description           TEXT,
  events                TEXT    NOT NULL CONSTRAINT webhook_endpoints_events CHECK (json_valid(events)),
  active                INTEGER NOT NULL DEFAULT 1 CONSTRAINT webhook_endpoints_active CHECK (active IN (0, 1)),
  secret                TEXT    NOT NULL CONSTRAINT webhook_endpoints_secret CHECK (secret GLOB 'whsec_*'),
  -- After a rotation the old secret signs too, until this instant.
  previous_secret       TEXT,
  previous_secret_until TEXT,
  -- Since when no delivery has succeeded; NULL while all is well.
  failing_since         TEXT,
  disabled_reason       TEXT
                        CONSTRAINT webhook_endpoints_disabled_reason CHECK (disabled_reason IN ('gone', 'failing')),
  -- The setting that made this endpoint, if it was not made through the API.
  source                TEXT    UNIQUE,
  created_at            TEXT    NOT NULL,
  updated_at            TEXT    NOT NULL,
  deleted_at            TEXT,
  CONSTRAINT webhook_endpoints_previous_secret CHECK ((previous_secret IS NULL) = (previous_secret_until IS NULL)),
  CONSTRAINT webhook_endpoints_switched_off CHECK (active = 0 OR (disabled_reason IS NULL AND deleted_at IS NULL))
) STRICT;

CREATE INDEX webhook_endpoints_active ON webhook_endpoints (id) WHERE active = 1;

CREATE TABLE contact_methods (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  customer_id INTEGER NOT NULL REFERENCES customers (id),
  kind        TEXT    NOT NULL CONSTRAINT contact_methods_kind CHECK (kind IN ('phone', 'sms', 'whatsapp', 'email')),
  -- E.164 or an e-mail address in lower case.
  value       TEXT    NOT NULL CONSTRAINT contact_methods_value CHECK (length(value) BETWEEN 3 AND 254),
  is_primary  INTEGER NOT NULL DEFAULT 0 CONSTRAINT contact_methods_is_primary CHECK (is_primary IN (0, 1)),
  created_at  TEXT    NOT NULL,
  updated_at  TEXT    NOT NULL,
  UNIQUE (customer_id, kind, value)
) STRICT;

CREATE UNIQUE INDEX contact_methods_primary ON contact_methods (customer_id, kind) WHERE is_primary = 1;

CREATE INDEX contact_methods_value ON contact_methods (value);

CREATE TABLE contact_preferences (
  customer_id       INTEGER PRIMARY KEY REFERENCES customers (id),
  preferred_channel TEXT    NOT NULL DEFAULT 'email'
                    CONSTRAINT contact_preferences_preferred_channel CHECK (preferred_channel IN ('phone', 'sms', 'whatsapp', 'email')),
  allow_email       INTEGER NOT NULL DEFAULT 1 CONSTRAINT contact_preferences_allow_email CHECK (allow_email IN (0, 1)),
  allow_sms         INTEGER NOT NULL DEFAULT 1 CONSTRAINT contact_preferences_allow_sms CHECK (allow_sms IN (0, 1)),
  allow_whatsapp    INTEGER NOT NULL DEFAULT 1
                    CONSTRAINT contact_preferences_allow_whatsapp CHECK (allow_whatsapp IN (0, 1)),
  allow_phone       INTEGER NOT NULL DEFAULT 1 CONSTRAINT contact_preferences_allow_phone CHECK (allow_phone IN (0, 1)),
  -- Local time of the shop, HH:MM; the span may cross midnight.
  quiet_from        TEXT    CONSTRAINT contact_preferences_quiet_from CHECK (quiet_from GLOB '[0-2][0-9]:[0-5][0-9]'),
  quiet_until       TEXT    CONSTRAINT contact_preferences_quiet_until CHECK (quiet_until GLOB '[0-2][0-9]:[0-5][0-9]'),
  updated_at        TEXT    NOT NULL,
  CONSTRAINT contact_preferences_quiet_hours CHECK ((quiet_from IS NULL) = (quiet_until IS NULL))
) STRICT;

CREATE TABLE email_opt_outs (
  address_digest TEXT PRIMARY KEY CONSTRAINT email_opt_outs_address_digest CHECK (length(address_digest) = 43),
  created_at     TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE channel_pauses (
  channel           TEXT    NOT NULL PRIMARY KEY
                    CONSTRAINT channel_pauses_channel CHECK (channel IN ('push', 'webhook', 'email', 'stripe')),
  reason            TEXT    NOT NULL
                    CONSTRAINT channel_pauses_reason CHECK (reason IN ('authentication', 'permission')),
  -- A digest that tells a changed credential from the refused one.
  credential        TEXT    NOT NULL,
  since             TEXT    NOT NULL,
  probe_at          TEXT    NOT NULL,
  probe_delivery_id INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE external_links (
  kind      TEXT    NOT NULL CONSTRAINT external_links_kind CHECK (kind IN ('stripe_customer')),
  local_id  INTEGER NOT NULL,
  remote_id TEXT    NOT NULL CONSTRAINT external_links_remote_id CHECK (length(remote_id) BETWEEN 3 AND 255),
  linked_at TEXT    NOT NULL,
  PRIMARY KEY (kind, local_id),
  UNIQUE (kind, remote_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE stripe_creations (
  customer_id     INTEGER PRIMARY KEY,
  idempotency_key TEXT    NOT NULL,
  parameters      TEXT    NOT NULL CONSTRAINT stripe_creations_parameters CHECK (json_valid(parameters)),
  -- Stripe has answered with an error that it would repeat for this key.
  is_spent        INTEGER NOT NULL DEFAULT 0 CONSTRAINT stripe_creations_is_spent CHECK (is_spent IN (0, 1)),
  first_tried_at  TEXT    NOT NULL,
  last_tried_at   TEXT    NOT NULL
) STRICT;

CREATE TABLE expired_push_endpoints (
  -- SHA-256 of the endpoint in its normal spelling, base64url.
  endpoint_digest TEXT PRIMARY KEY
                  CONSTRAINT expired_push_endpoints_endpoint_digest CHECK (length(endpoint_digest) = 43),
  expired_at      TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX expired_push_endpoints_expired_at ON expired_push_endpoints (expired_at);

CREATE TABLE sign_in_guesses (
  -- HMAC-SHA-256, base64url.
  subject     TEXT    PRIMARY KEY CONSTRAINT sign_in_guesses_subject CHECK (length(subject) = 43),
  -- Since the last success, since resets_at, or since the first of the window.
  guesses     INTEGER NOT NULL CONSTRAINT sign_in_guesses_guesses CHECK (guesses >= 0),
  -- Of an account at one place: when it may guess next.
  free_at     TEXT,
  -- When the count begins anew.
  resets_at   TEXT    NOT NULL,
  -- Of an account at an address: until when it counts as known, after a sign-in from there.
  known_until TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE stats_days (
  -- The instants at which a day of the shop's clocks begins and ends. They, and not its date, say which day it is:
  -- with another time zone the same date is another day.
  starts_at TEXT    PRIMARY KEY,
  ends_at   TEXT    NOT NULL,
  -- The zone that the days were cut by: when the shop's is another, they are cut anew.
  time_zone TEXT    NOT NULL,
  -- Has to be counted (again).
  is_stale  INTEGER NOT NULL DEFAULT 1 CONSTRAINT stats_days_is_stale CHECK (is_stale IN (0, 1)),
  -- One array per machine with something to tell; see src/stats/counting.ts.
  machines  TEXT    CONSTRAINT stats_days_machines CHECK (json_valid(machines)),
  CONSTRAINT stats_days_ends_at CHECK (ends_at > starts_at),
  CONSTRAINT stats_days_counted CHECK (is_stale = 1 OR machines IS NOT NULL)
) STRICT;

CREATE INDEX stats_days_stale ON stats_days (starts_at) WHERE is_stale = 1;

CREATE TABLE search_blocks (
  id    INTEGER PRIMARY KEY,
  level INTEGER NOT NULL CONSTRAINT search_blocks_level CHECK (level BETWEEN 0 AND 2),
  up_to INTEGER NOT NULL CONSTRAINT search_blocks_up_to CHECK (up_to >= 0)
) STRICT;

CREATE TABLE search_leaves (
  block_id   INTEGER NOT NULL REFERENCES search_blocks (id),
  first_word TEXT    NOT NULL,
  entries    TEXT    NOT NULL,
  PRIMARY KEY (block_id, first_word)
) STRICT, WITHOUT ROWID;

CREATE TABLE search_edits (
  id        INTEGER PRIMARY KEY,
  ticket_id INTEGER NOT NULL
) STRICT;

CREATE INDEX push_subscriptions_user_id ON push_subscriptions (user_id);

CREATE TABLE tickets (
  -- No ticket is ever deleted, so no id comes again, and none has to be remembered.
  id              INTEGER PRIMARY KEY,
  ticket_id       TEXT    NOT NULL UNIQUE
                  CONSTRAINT tickets_ticket_id CHECK (length(ticket_id) >= 12 AND ticket_id GLOB '[A-Z]*-[0-9][0-9][0-9][0-9]-*[0-9]'),
  title           TEXT    NOT NULL CONSTRAINT tickets_title CHECK (length(title) BETWEEN 3 AND 200),
  description     TEXT    CONSTRAINT tickets_description CHECK (length(description) <= 5000),
  status          TEXT    NOT NULL DEFAULT 'received'
                  CONSTRAINT tickets_status CHECK (status IN ('received', 'diagnostic', 'in_progress', 'waiting_parts', 'completed', 'cancelled', 'archived')),
  priority        TEXT    NOT NULL DEFAULT 'medium'
                  CONSTRAINT tickets_priority CHECK (priority IN ('low', 'medium', 'high', 'critical')),
  machine_id      INTEGER NOT NULL REFERENCES machines (id),
  customer_id     INTEGER REFERENCES customers (id),
  reported_by     INTEGER NOT NULL REFERENCES users (id),
  reporter_name   TEXT    NOT NULL CONSTRAINT tickets_reporter_name CHECK (length(reporter_name) BETWEEN 1 AND 100),
  assigned_to     INTEGER REFERENCES users (id),
  is_machine_down INTEGER NOT NULL DEFAULT 0 CONSTRAINT tickets_is_machine_down CHECK (is_machine_down IN (0, 1)),
  scheduled_date  TEXT,
  reported_at     TEXT    NOT NULL,
  acknowledged_at TEXT,
  acknowledged_by INTEGER REFERENCES users (id),
  completed_at    TEXT,
  created_at      TEXT    NOT NULL,
  updated_at      TEXT    NOT NULL,
  deleted_at      TEXT,
  version         INTEGER NOT NULL DEFAULT 1 CONSTRAINT tickets_version CHECK (version >= 1),
  machine_type_id INTEGER REFERENCES machine_types (id),
  priority_rank   INTEGER
                  GENERATED ALWAYS AS (CASE priority WHEN 'critical' THEN 3 WHEN 'high' THEN 2 WHEN 'medium' THEN 1 ELSE 0 END) VIRTUAL,
  is_open         INTEGER
                  GENERATED ALWAYS AS (status IN ('received', 'diagnostic', 'in_progress', 'waiting_parts') AND deleted_at IS NULL) VIRTUAL,
  overdue_notified_for TEXT,
  escalated_at    TEXT,
  search_text     TEXT    NOT NULL DEFAULT '',
  CONSTRAINT tickets_acknowledgement CHECK ((acknowledged_at IS NULL) = (acknowledged_by IS NULL)),
  CONSTRAINT tickets_completion CHECK (CASE status WHEN 'completed' THEN completed_at IS NOT NULL WHEN 'archived' THEN 1 ELSE completed_at IS NULL END)
) STRICT;

CREATE INDEX tickets_created_at ON tickets (created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX tickets_updated_at ON tickets (updated_at, id) WHERE deleted_at IS NULL;

CREATE INDEX tickets_priority ON tickets (priority_rank, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX tickets_status ON tickets (status, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX tickets_machine_type ON tickets (machine_type_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX tickets_reporter ON tickets (reported_by, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX tickets_completed ON tickets (completed_at) WHERE completed_at IS NOT NULL AND deleted_at IS NULL;

CREATE INDEX tickets_queue ON tickets (assigned_to) WHERE assigned_to IS NOT NULL AND is_open = 1;

CREATE INDEX tickets_down ON tickets (machine_id) WHERE is_machine_down = 1 AND is_open = 1;

CREATE INDEX tickets_scheduled ON tickets (scheduled_date) WHERE scheduled_date IS NOT NULL AND is_open = 1;

CREATE INDEX tickets_unacknowledged ON tickets (created_at)
  WHERE priority = 'critical' AND acknowledged_at IS NULL AND escalated_at IS NULL AND is_open = 1;

CREATE INDEX tickets_customer ON tickets (customer_id, created_at, id) WHERE customer_id IS NOT NULL;

CREATE INDEX tickets_long_stops ON tickets (completed_at, created_at)
  WHERE is_machine_down = 1 AND is_open = 0 AND deleted_at IS NULL
    AND (completed_at IS NULL OR substr(completed_at, 1, 9) <> substr(created_at, 1, 9));

CREATE TRIGGER stats_ticket_inserted AFTER INSERT ON tickets
WHEN NEW.deleted_at IS NULL
  AND NEW.created_at < (SELECT ends_at FROM stats_days ORDER BY starts_at DESC LIMIT 1)
BEGIN
  INSERT INTO stats_marks (first_day, last_day)
  SELECT substr(NEW.created_at, 1, 10),
         iif(NEW.is_machine_down = 1 AND NEW.completed_at IS NULL, '9999-12-31',
             substr(MAX(NEW.created_at, coalesce(NEW.completed_at, '')), 1, 10))
  WHERE true ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER stats_ticket_removed AFTER DELETE ON tickets
WHEN OLD.deleted_at IS NULL
  AND OLD.created_at < (SELECT ends_at FROM stats_days ORDER BY starts_at DESC LIMIT 1)
BEGIN
  INSERT INTO stats_marks (first_day, last_day)
  SELECT substr(OLD.created_at, 1, 10),
         iif(OLD.is_machine_down = 1 AND OLD.completed_at IS NULL, '9999-12-31',
             substr(MAX(OLD.created_at, coalesce(OLD.completed_at, '')), 1, 10))
  WHERE true ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER stats_ticket_restated AFTER UPDATE OF deleted_at, is_machine_down, machine_id, created_at ON tickets
WHEN (OLD.deleted_at IS NOT NEW.deleted_at OR OLD.is_machine_down <> NEW.is_machine_down
      OR OLD.machine_id <> NEW.machine_id OR OLD.created_at <> NEW.created_at)
  AND MIN(OLD.created_at, NEW.created_at) < (SELECT ends_at FROM stats_days ORDER BY starts_at DESC LIMIT 1)
BEGIN
  INSERT INTO stats_marks (first_day, last_day)
  SELECT substr(MIN(OLD.created_at, NEW.created_at), 1, 10),
         iif((OLD.is_machine_down = 1 OR NEW.is_machine_down = 1)
             AND (OLD.completed_at IS NULL OR NEW.completed_at IS NULL), '9999-12-31',
             substr(MAX(OLD.created_at, NEW.created_at, coalesce(OLD.completed_at, ''), coalesce(NEW.completed_at, '')),
                    1, 10))
  WHERE true ON CONFLICT DO NOTHING;
END;

CREATE INDEX tickets_assignee ON tickets (assigned_to, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX tickets_overdue ON tickets (scheduled_date)
  WHERE scheduled_date IS NOT NULL AND is_open = 1 AND overdue_notified_for IS NOT scheduled_date;

CREATE TRIGGER search_ticket_removed AFTER DELETE ON tickets
BEGIN
  INSERT INTO search_edits (ticket_id)
  SELECT OLD.id WHERE OLD.id <= coalesce((SELECT up_to FROM search_blocks ORDER BY id DESC LIMIT 1), 0);
END;

CREATE TABLE ticket_timeline (
  ticket_id  INTEGER NOT NULL REFERENCES tickets (id),
  -- Rises within the ticket, and no two entries share one; src/db/timeline.ts gives it.
  id         INTEGER NOT NULL,
  user_id    INTEGER REFERENCES users (id),
  user_name  TEXT,
  action     TEXT    NOT NULL
             CONSTRAINT ticket_timeline_action CHECK (action IN ('created', 'updated', 'status_changed', 'assigned', 'commented', 'acknowledged', 'attached', 'deleted', 'notified', 'notification_failed')),
  old_value  TEXT,
  new_value  TEXT,
  comment    TEXT,
  created_at TEXT    NOT NULL, occurred_at TEXT,
  -- With its ticket's others in one place: an entry is one row written, without one of an index.
  PRIMARY KEY (ticket_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency_keys (
  -- With a rowid: a row has its answer in it, and in the tree of a key that would spill into pages of its own.
  id           INTEGER PRIMARY KEY,
  user_id      INTEGER NOT NULL REFERENCES users (id),
  route        TEXT    NOT NULL,
  key          TEXT    NOT NULL CONSTRAINT idempotency_keys_key CHECK (length(key) BETWEEN 1 AND 255),
  request_hash TEXT    NOT NULL,
  status       INTEGER NOT NULL CONSTRAINT idempotency_keys_status CHECK (status BETWEEN 200 AND 299),
  headers      TEXT    NOT NULL CONSTRAINT idempotency_keys_headers CHECK (json_valid(headers)),
  body         TEXT    NOT NULL CONSTRAINT idempotency_keys_body CHECK (json_valid(body)),
  created_at   TEXT    NOT NULL,
  claimed_until TEXT,
  UNIQUE (user_id, route, key)
) STRICT;

CREATE TABLE deliveries (
  -- An id that came again would be taken for a repetition: it is what receivers know a message by, and what a late
  -- queue message carries.
  id                 INTEGER PRIMARY KEY AUTOINCREMENT,
  channel            TEXT    NOT NULL
                     CONSTRAINT deliveries_channel CHECK (channel IN ('push', 'webhook', 'email', 'stripe')),
  target             TEXT    NOT NULL CONSTRAINT deliveries_target CHECK (length(target) BETWEEN 3 AND 300),
  subject            TEXT    NOT NULL CONSTRAINT deliveries_subject CHECK (length(subject) BETWEEN 3 AND 300),
  event_type         TEXT    NOT NULL CONSTRAINT deliveries_event_type CHECK (length(event_type) BETWEEN 3 AND 100),
  payload            TEXT    NOT NULL CONSTRAINT deliveries_payload CHECK (json_valid(payload)),
  status             TEXT    NOT NULL DEFAULT 'pending'
                     CONSTRAINT deliveries_status CHECK (status IN ('pending', 'processing', 'completed', 'failed')),
  attempts           INTEGER NOT NULL DEFAULT 0 CONSTRAINT deliveries_attempts CHECK (attempts >= 0),
  next_attempt_at    TEXT,
  lease_token        TEXT,
  lease_until        TEXT,
  generation         INTEGER NOT NULL DEFAULT 1 CONSTRAINT deliveries_generation CHECK (generation >= 1),
  claimed_generation INTEGER
                     CONSTRAINT deliveries_claimed_generation CHECK (claimed_generation BETWEEN 1 AND generation),
  last_error         TEXT,
  created_at         TEXT    NOT NULL,
  updated_at         TEXT    NOT NULL,
  completed_at       TEXT,
  -- The subject first: so it finds what is about a ticket, too.
  UNIQUE (subject, channel, target, event_type),
  CONSTRAINT deliveries_next_attempt_at CHECK ((status = 'pending') = (next_attempt_at IS NOT NULL)),
  CONSTRAINT deliveries_lease_token CHECK ((status = 'processing') = (lease_token IS NOT NULL)),
  CONSTRAINT deliveries_lease_until CHECK ((status = 'processing') = (lease_until IS NOT NULL)),
  CONSTRAINT deliveries_claim CHECK ((status = 'processing') = (claimed_generation IS NOT NULL)),
  CONSTRAINT deliveries_completed_at CHECK ((status = 'completed') = (completed_at IS NOT NULL))
) STRICT;

CREATE INDEX deliveries_leased ON deliveries (lease_until) WHERE status = 'processing';

CREATE INDEX deliveries_due ON deliveries (channel, next_attempt_at) WHERE status = 'pending';

CREATE INDEX deliveries_failed ON deliveries (channel, updated_at) WHERE status = 'failed';

CREATE INDEX deliveries_completed ON deliveries (channel, completed_at) WHERE status = 'completed';

CREATE TABLE delivery_attempts (
  delivery_id INTEGER NOT NULL REFERENCES deliveries (id),
  -- Rises from try to try of the delivery.
  id          INTEGER NOT NULL,
  generation  INTEGER NOT NULL,
  attempt     INTEGER NOT NULL CONSTRAINT delivery_attempts_attempt CHECK (attempt >= 1),
  started_at  TEXT    NOT NULL,
  duration_ms INTEGER NOT NULL CONSTRAINT delivery_attempts_duration_ms CHECK (duration_ms >= 0),
  http_status INTEGER,
  error       TEXT,
  response    TEXT,
  PRIMARY KEY (delivery_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE push_logs (
  -- Nothing refers to a row, so an id may come again.
  id              INTEGER PRIMARY KEY,
  delivery_id     INTEGER NOT NULL REFERENCES deliveries (id),
  generation      INTEGER NOT NULL,
  ticket_id       INTEGER REFERENCES tickets (id),
  user_id         INTEGER NOT NULL REFERENCES users (id),
  -- No foreign key: the log outlives the device.
  subscription_id INTEGER,
  status          TEXT    NOT NULL
                  CONSTRAINT push_logs_status CHECK (status IN ('success', 'failed', 'expired', 'no_device')),
  http_status     INTEGER,
  error_message   TEXT,
  -- The push service asked not to be called again for this device before this instant.
  not_before      TEXT,
  attempt         INTEGER NOT NULL CONSTRAINT push_logs_attempt CHECK (attempt >= 1),
  created_at      TEXT    NOT NULL,
  CONSTRAINT push_logs_no_device CHECK ((status = 'no_device') = (subscription_id IS NULL))
) STRICT;

CREATE INDEX push_logs_delivery_id ON push_logs (delivery_id, id);

CREATE INDEX push_logs_user_id ON push_logs (user_id, id);

CREATE TABLE attachments (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  ticket_id    INTEGER NOT NULL REFERENCES tickets (id),
  user_id      INTEGER NOT NULL REFERENCES users (id),
  file_name    TEXT    NOT NULL CONSTRAINT attachments_file_name CHECK (length(file_name) BETWEEN 1 AND 200),
  content_type TEXT    NOT NULL,
  size_bytes   INTEGER NOT NULL CONSTRAINT attachments_size_bytes CHECK (size_bytes BETWEEN 1 AND 10485760),
  sha256       TEXT    NOT NULL CONSTRAINT attachments_sha256 CHECK (length(sha256) = 64),
  -- Unguessable, and not derived from anything a person typed.
  object_key   TEXT    NOT NULL UNIQUE,
  created_at   TEXT    NOT NULL
, thumbnail_type TEXT, width INTEGER CONSTRAINT attachments_width CHECK (width BETWEEN 1 AND 100000), height INTEGER CONSTRAINT attachments_height CHECK (height BETWEEN 1 AND 100000)) STRICT;

CREATE INDEX attachments_ticket_id ON attachments (ticket_id, id);

CREATE TABLE contact_history (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  customer_id INTEGER NOT NULL REFERENCES customers (id),
  ticket_id   INTEGER REFERENCES tickets (id),
  user_id     INTEGER REFERENCES users (id),
  channel     TEXT    NOT NULL
              CONSTRAINT contact_history_channel CHECK (channel IN ('phone', 'sms', 'whatsapp', 'email', 'in_person')),
  direction   TEXT    NOT NULL CONSTRAINT contact_history_direction CHECK (direction IN ('outbound', 'inbound')),
  -- What it was about: `ticket.received`, or what a person wrote.
  summary     TEXT    NOT NULL CONSTRAINT contact_history_summary CHECK (length(summary) BETWEEN 1 AND 2000),
  -- The number or address used.
  value       TEXT,
  created_at  TEXT    NOT NULL
) STRICT;

CREATE INDEX contact_history_customer_id ON contact_history (customer_id, id);

CREATE INDEX contact_history_ticket_id ON contact_history (ticket_id) WHERE ticket_id IS NOT NULL;

CREATE TABLE email_messages (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  tracking_id TEXT    NOT NULL UNIQUE CONSTRAINT email_messages_tracking_id CHECK (length(tracking_id) = 36),
  ticket_id   INTEGER NOT NULL REFERENCES tickets (id),
  -- Who wrote it; NULL for news that the system sends by itself.
  user_id     INTEGER REFERENCES users (id),
  template    TEXT    NOT NULL
              CONSTRAINT email_messages_template CHECK (template IN ('message', 'received', 'started', 'waiting_parts', 'completed')),
  subject     TEXT    NOT NULL CONSTRAINT email_messages_subject CHECK (length(subject) BETWEEN 1 AND 200),
  -- What a person wrote; news have words of their own.
  body        TEXT    CONSTRAINT email_messages_body CHECK (length(body) BETWEEN 1 AND 20000),
  -- The public address of this installation when it was sent: pixel and opt-out links lead there.
  origin      TEXT    NOT NULL,
  created_at  TEXT    NOT NULL,
  CONSTRAINT email_messages_written CHECK ((template = 'message') = (body IS NOT NULL)),
  CONSTRAINT email_messages_author CHECK ((template = 'message') = (user_id IS NOT NULL))
) STRICT;

CREATE INDEX email_messages_ticket_id ON email_messages (ticket_id, id);

CREATE TABLE email_history (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  tracking_id    TEXT    NOT NULL REFERENCES email_messages (tracking_id),
  -- Of the pixel: 128 random bits in base64url.
  token          TEXT    NOT NULL UNIQUE CONSTRAINT email_history_token CHECK (length(token) = 22),
  -- The address in lower case.
  recipient      TEXT    NOT NULL CONSTRAINT email_history_recipient CHECK (length(recipient) BETWEEN 3 AND 254),
  recipient_name TEXT    CONSTRAINT email_history_recipient_name CHECK (length(recipient_name) BETWEEN 1 AND 200),
  customer_id    INTEGER REFERENCES customers (id),
  language       TEXT    NOT NULL CONSTRAINT email_history_language CHECK (language IN ('en', 'fr')),
  status         TEXT    NOT NULL
                 CONSTRAINT email_history_status CHECK (status IN ('queued', 'sent', 'failed', 'suppressed')),
  -- Why it failed or was suppressed.
  reason         TEXT,
  -- What the mail service calls it: later mails of the same ticket refer to it.
  message_id     TEXT,
  sent_at        TEXT,
  opened_at      TEXT,
  open_count     INTEGER NOT NULL DEFAULT 0 CONSTRAINT email_history_open_count CHECK (open_count >= 0),
  opened_by      TEXT    CONSTRAINT email_history_opened_by CHECK (opened_by IN ('person', 'machine', 'unknown')),
  created_at     TEXT    NOT NULL,
  UNIQUE (recipient, tracking_id),
  CONSTRAINT email_history_sent_at CHECK ((status = 'sent') = (sent_at IS NOT NULL)),
  CONSTRAINT email_history_opened_at CHECK ((open_count > 0) = (opened_at IS NOT NULL)),
  CONSTRAINT email_history_opener CHECK ((open_count > 0) = (opened_by IS NOT NULL))
) STRICT;

CREATE INDEX idx_email_history_tracking_id ON email_history (tracking_id);

CREATE INDEX idx_email_history_tracking_sent ON email_history (tracking_id, sent_at DESC);

CREATE INDEX email_history_customer_id ON email_history (customer_id) WHERE customer_id IS NOT NULL;

CREATE TABLE machine_timeline (
  machine_id INTEGER NOT NULL REFERENCES machines (id),
  -- As in ticket_timeline.
  id         INTEGER NOT NULL,
  user_id    INTEGER NOT NULL REFERENCES users (id),
  user_name  TEXT    NOT NULL,
  old_value  TEXT    NOT NULL,
  new_value  TEXT    NOT NULL,
  cause      TEXT    NOT NULL CONSTRAINT machine_timeline_cause CHECK (cause IN ('person', 'tickets')),
  -- The ticket that made the machine stop or run again.
  ticket_id  INTEGER REFERENCES tickets (id),
  comment    TEXT,
  created_at TEXT    NOT NULL,
  PRIMARY KEY (machine_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX tickets_machine ON tickets (machine_id, created_at, id);

CREATE TABLE customer_blocks (
  -- The customers' ids by 256.
  block INTEGER PRIMARY KEY,
  words TEXT    NOT NULL
) STRICT;

CREATE TRIGGER customer_blocks_inserted AFTER INSERT ON customers
BEGIN
  INSERT INTO customer_blocks (block, words)
  SELECT NEW.id / 256, group_concat(search_text, char(10)) FROM customers
  WHERE id >= NEW.id / 256 * 256 AND id < NEW.id / 256 * 256 + 256
  ON CONFLICT DO UPDATE SET words = excluded.words;
END;

CREATE TRIGGER customer_blocks_updated AFTER UPDATE OF name_words, company_words, email, phone, whatsapp ON customers
WHEN OLD.search_text <> NEW.search_text
BEGIN
  UPDATE customer_blocks
  SET words = (SELECT group_concat(search_text, char(10)) FROM customers
               WHERE id >= NEW.id / 256 * 256 AND id < NEW.id / 256 * 256 + 256)
  WHERE block = NEW.id / 256;
END;

CREATE TRIGGER customer_blocks_deleted AFTER DELETE ON customers
BEGIN
  UPDATE customer_blocks
  SET words = coalesce((SELECT group_concat(search_text, char(10)) FROM customers
                        WHERE id >= OLD.id / 256 * 256 AND id < OLD.id / 256 * 256 + 256), '')
  WHERE block = OLD.id / 256;
END;

CREATE TRIGGER stats_ticket_moved AFTER UPDATE OF acknowledged_at, completed_at, status ON tickets
WHEN NEW.deleted_at IS NULL
  AND (OLD.acknowledged_at IS NOT NEW.acknowledged_at OR OLD.completed_at IS NOT NEW.completed_at
       OR OLD.is_open <> NEW.is_open)
  -- The trigger above has marked as much.
  AND OLD.is_machine_down = NEW.is_machine_down AND OLD.deleted_at IS NULL
  AND NEW.created_at < (SELECT ends_at FROM stats_days ORDER BY starts_at DESC LIMIT 1)
BEGIN
  INSERT INTO stats_marks (first_day, last_day)
  SELECT substr(MIN(acknowledged, completed, closed), 1, 10),
         substr(iif(is_stop, '9999-12-31', MAX(iif(acknowledged < '9', acknowledged, ''), last_completed)), 1, 10)
  FROM (
    SELECT iif(OLD.acknowledged_at IS NOT NEW.acknowledged_at, NEW.created_at, '9999-12-31') AS acknowledged,
           iif(OLD.completed_at IS NOT NEW.completed_at,
               MIN(coalesce(OLD.completed_at, NEW.completed_at), coalesce(NEW.completed_at, OLD.completed_at)),
               '9999-12-31') AS completed,
           iif(OLD.completed_at IS NOT NEW.completed_at,
               MAX(coalesce(OLD.completed_at, ''), coalesce(NEW.completed_at, '')), '') AS last_completed,
           -- Without a completion it was, or is, cancelled: since when, the timeline knows.
           iif(NEW.is_machine_down = 1 AND OLD.is_open <> NEW.is_open
                 AND OLD.completed_at IS NULL AND NEW.completed_at IS NULL,
               coalesce((SELECT coalesce(e.occurred_at, e.created_at) FROM ticket_timeline e
                         WHERE e.ticket_id = NEW.id AND e.action = 'status_changed' AND e.new_value = 'cancelled'
                         ORDER BY e.id DESC LIMIT 1), NEW.created_at), '9999-12-31') AS closed,
           NEW.is_machine_down = 1
             AND (OLD.is_open <> NEW.is_open OR OLD.completed_at IS NOT NEW.completed_at) AS is_stop
  )
  WHERE MIN(acknowledged, completed, closed) < (SELECT ends_at FROM stats_days ORDER BY starts_at DESC LIMIT 1)
  ON CONFLICT DO NOTHING;
END;

CREATE TABLE document_changes (
  seq        INTEGER PRIMARY KEY,
  -- A change of a ticket that stops its machine, or lets it run again, is one row that names both.
  ticket_id  INTEGER,
  machine_id INTEGER,
  user_id    INTEGER
) STRICT;

CREATE TRIGGER changes_ticket_inserted AFTER INSERT ON tickets
BEGIN
  INSERT INTO document_changes (ticket_id, machine_id)
  VALUES (NEW.id, iif(NEW.is_machine_down = 1 AND NEW.is_open = 1, NEW.machine_id, NULL));
END;

CREATE TRIGGER changes_ticket_updated AFTER UPDATE OF
  ticket_id, title, description, status, priority, machine_id, customer_id, reported_by, reporter_name, assigned_to,
  is_machine_down, scheduled_date, reported_at, acknowledged_at, acknowledged_by, completed_at, created_at, updated_at,
  deleted_at, version, machine_type_id ON tickets
BEGIN
  INSERT INTO document_changes (ticket_id, machine_id)
  VALUES (NEW.id, iif((OLD.is_machine_down = 1 AND OLD.is_open = 1) <> (NEW.is_machine_down = 1 AND NEW.is_open = 1),
                      NEW.machine_id, NULL));
END;

CREATE TRIGGER changes_ticket_removed AFTER DELETE ON tickets
BEGIN
  INSERT INTO document_changes (ticket_id) VALUES (OLD.id);
END;

CREATE TRIGGER changes_ticket_noted AFTER INSERT ON ticket_timeline WHEN NEW.action GLOB 'notif*'
BEGIN
  INSERT INTO document_changes (ticket_id) VALUES (NEW.ticket_id);
END;

CREATE TRIGGER changes_machine_inserted AFTER INSERT ON machines
BEGIN
  INSERT INTO document_changes (machine_id) VALUES (NEW.id);
END;

CREATE TRIGGER changes_machine_updated AFTER UPDATE OF
  machine_type_id, name, model, serial_number, location, status, qr_token, created_at, updated_at, retired_at, set_status,
  set_by, set_reason, status_since ON machines
WHEN NEW.status = OLD.status OR NEW.set_status IS NOT OLD.set_status OR NOT EXISTS (
  SELECT 1 FROM document_changes c
  WHERE c.seq = (SELECT MAX(seq) FROM document_changes) AND c.ticket_id IS NOT NULL AND c.machine_id = NEW.id)
BEGIN
  INSERT INTO document_changes (machine_id) VALUES (NEW.id);
END;

CREATE TRIGGER changes_machine_removed AFTER DELETE ON machines
BEGIN
  INSERT INTO document_changes (machine_id) VALUES (OLD.id);
END;

CREATE TRIGGER changes_machine_type_updated AFTER UPDATE OF code ON machine_types WHEN NEW.code <> OLD.code
BEGIN
  INSERT INTO document_changes (machine_id) SELECT id FROM machines WHERE machine_type_id = NEW.id;
END;

CREATE TRIGGER changes_user_inserted AFTER INSERT ON users
BEGIN
  INSERT INTO document_changes (user_id) VALUES (NEW.id);
END;

CREATE TRIGGER changes_user_updated AFTER UPDATE OF name, role, active ON users
WHEN NEW.name <> OLD.name OR NEW.role <> OLD.role OR NEW.active <> OLD.active
BEGIN
  INSERT INTO document_changes (user_id) VALUES (NEW.id);
END;

CREATE TRIGGER changes_user_removed AFTER DELETE ON users
BEGIN
  INSERT INTO document_changes (user_id) VALUES (OLD.id);
END;

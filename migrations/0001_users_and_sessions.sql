-- People and how they sign in. Rows are written by better-auth (src/auth/auth.ts maps its names to these).
-- Times are RFC 3339 UTC text with milliseconds, so that text order is time order.

CREATE TABLE users (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  name           TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  email          TEXT    NOT NULL UNIQUE CHECK (email = lower(email)),
  email_verified INTEGER NOT NULL DEFAULT 0 CHECK (email_verified IN (0, 1)),
  image          TEXT,
  role           TEXT    NOT NULL DEFAULT 'operator' CHECK (role IN ('operator', 'technician', 'supervisor', 'admin')),
  language       TEXT    CHECK (language IN ('en', 'fr')),
  active         INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
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

CREATE TABLE verifications (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  identifier TEXT NOT NULL,
  value      TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX verifications_identifier ON verifications (identifier);

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
  enabled                INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
  rate_limit_enabled     INTEGER NOT NULL DEFAULT 1 CHECK (rate_limit_enabled IN (0, 1)),
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

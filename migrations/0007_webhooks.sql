CREATE TABLE webhook_endpoints (
  id                    INTEGER PRIMARY KEY AUTOINCREMENT,
  url                   TEXT    NOT NULL CHECK (length(url) BETWEEN 10 AND 2000),
  description           TEXT,
  events                TEXT    NOT NULL CHECK (json_valid(events)),
  active                INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
  secret                TEXT    NOT NULL CHECK (secret GLOB 'whsec_*'),
  -- After a rotation the old secret signs too, until this instant.
  previous_secret       TEXT,
  previous_secret_until TEXT,
  -- Since when no delivery has succeeded; NULL while all is well.
  failing_since         TEXT,
  disabled_reason       TEXT    CHECK (disabled_reason IN ('gone', 'failing')),
  -- The setting that made this endpoint, if it was not made through the API.
  source                TEXT    UNIQUE,
  created_at            TEXT    NOT NULL,
  updated_at            TEXT    NOT NULL,
  deleted_at            TEXT,
  CHECK ((previous_secret IS NULL) = (previous_secret_until IS NULL)),
  CHECK (active = 0 OR (disabled_reason IS NULL AND deleted_at IS NULL))
) STRICT;
CREATE INDEX webhook_endpoints_active ON webhook_endpoints (id) WHERE active = 1;

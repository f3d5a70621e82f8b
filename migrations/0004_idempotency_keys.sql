-- The first answer to each Idempotency-Key, written in the batch of the effect it answers for.
-- A second insert fails on the primary key, and with it the second effect.
CREATE TABLE idempotency_keys (
  user_id      INTEGER NOT NULL REFERENCES users (id),
  route        TEXT    NOT NULL,
  key          TEXT    NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
  request_hash TEXT    NOT NULL,
  status       INTEGER NOT NULL CHECK (status BETWEEN 200 AND 299),
  headers      TEXT    NOT NULL CHECK (json_valid(headers)),
  body         TEXT    NOT NULL CHECK (json_valid(body)),
  created_at   TEXT    NOT NULL,
  PRIMARY KEY (user_id, route, key)
) STRICT, WITHOUT ROWID;

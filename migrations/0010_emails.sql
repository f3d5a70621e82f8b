-- E-mails about tickets. One send is one email_messages row and one email_history row per recipient, all under the
-- same tracking_id (contract section 7).
CREATE TABLE email_messages (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  tracking_id TEXT    NOT NULL UNIQUE CHECK (length(tracking_id) = 36),
  ticket_id   INTEGER NOT NULL REFERENCES tickets (id),
  -- Who wrote it; NULL for news that the system sends by itself.
  user_id     INTEGER REFERENCES users (id),
  template    TEXT    NOT NULL CHECK (template IN ('message', 'received', 'started', 'waiting_parts', 'completed')),
  subject     TEXT    NOT NULL CHECK (length(subject) BETWEEN 1 AND 200),
  -- What a person wrote; news have words of their own.
  body        TEXT    CHECK (length(body) BETWEEN 1 AND 20000),
  -- The public address of this installation when it was sent: pixel and opt-out links lead there.
  origin      TEXT    NOT NULL,
  created_at  TEXT    NOT NULL,
  CHECK ((template = 'message') = (body IS NOT NULL)),
  CHECK ((template = 'message') = (user_id IS NOT NULL))
) STRICT;
CREATE INDEX email_messages_ticket_id ON email_messages (ticket_id, id);

CREATE TABLE email_history (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  tracking_id    TEXT    NOT NULL REFERENCES email_messages (tracking_id),
  -- Of the pixel: 128 random bits in base64url.
  token          TEXT    NOT NULL UNIQUE CHECK (length(token) = 22),
  -- The address in lower case.
  recipient      TEXT    NOT NULL CHECK (length(recipient) BETWEEN 3 AND 254),
  recipient_name TEXT    CHECK (length(recipient_name) BETWEEN 1 AND 200),
  customer_id    INTEGER REFERENCES customers (id),
  language       TEXT    NOT NULL CHECK (language IN ('en', 'fr')),
  status         TEXT    NOT NULL CHECK (status IN ('queued', 'sent', 'failed', 'suppressed')),
  -- Why it failed or was suppressed.
  reason         TEXT,
  -- What the mail service calls it: later mails of the same ticket refer to it.
  message_id     TEXT,
  sent_at        TEXT,
  opened_at      TEXT,
  open_count     INTEGER NOT NULL DEFAULT 0 CHECK (open_count >= 0),
  opened_by      TEXT    CHECK (opened_by IN ('person', 'machine', 'unknown')),
  created_at     TEXT    NOT NULL,
  UNIQUE (recipient, tracking_id),
  CHECK ((status = 'sent') = (sent_at IS NOT NULL)),
  CHECK ((open_count > 0) = (opened_at IS NOT NULL)),
  CHECK ((open_count > 0) = (opened_by IS NOT NULL))
) STRICT;
-- Never unique: the recipients of one send share it.
CREATE INDEX idx_email_history_tracking_id ON email_history (tracking_id);
CREATE INDEX idx_email_history_tracking_sent ON email_history (tracking_id, sent_at DESC);
CREATE INDEX email_history_customer_id ON email_history (customer_id) WHERE customer_id IS NOT NULL;

-- Addresses that want no more mail, as SHA-256 in base64url: nobody's address is kept, and erasing a person does not
-- forget that they said no.
CREATE TABLE email_opt_outs (
  address_digest TEXT PRIMARY KEY CHECK (length(address_digest) = 43),
  created_at     TEXT NOT NULL
) STRICT, WITHOUT ROWID;

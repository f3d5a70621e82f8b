-- Customers are kept at Stripe too: which one is which, what was asked of Stripe, and what Stripe told us.

-- Counting and taking by channel reads one range of one index, and what one channel has waiting holds up no other.
DROP INDEX deliveries_due;
DROP INDEX deliveries_failed;
DROP INDEX deliveries_completed;
CREATE INDEX deliveries_due ON deliveries (channel, next_attempt_at) WHERE status = 'pending';
CREATE INDEX deliveries_failed ON deliveries (channel, updated_at) WHERE status = 'failed';
CREATE INDEX deliveries_completed ON deliveries (channel, completed_at) WHERE status = 'completed';

-- A channel whose credential was refused. Nothing of it is claimed but one delivery at a time, which finds out
-- whether it works again.
CREATE TABLE channel_pauses (
  channel           TEXT    NOT NULL PRIMARY KEY CHECK (channel IN ('push', 'webhook', 'email', 'stripe')),
  reason            TEXT    NOT NULL CHECK (reason IN ('authentication', 'permission')),
  -- A digest that tells a changed credential from the refused one.
  credential        TEXT    NOT NULL,
  since             TEXT    NOT NULL,
  probe_at          TEXT    NOT NULL,
  probe_delivery_id INTEGER
) STRICT, WITHOUT ROWID;

-- No foreign key: the link of a customer who was removed here is needed until the one at Stripe is removed too.
CREATE TABLE external_links (
  kind      TEXT    NOT NULL CHECK (kind IN ('stripe_customer')),
  local_id  INTEGER NOT NULL,
  remote_id TEXT    NOT NULL CHECK (length(remote_id) BETWEEN 3 AND 255),
  linked_at TEXT    NOT NULL,
  PRIMARY KEY (kind, local_id),
  UNIQUE (kind, remote_id)
) STRICT, WITHOUT ROWID;

-- A creation at Stripe whose outcome is not known yet. Written before the request; whoever repeats it sends the same
-- key and the same parameters, or Stripe would refuse it. Gone as soon as there is a link.
CREATE TABLE stripe_creations (
  customer_id     INTEGER PRIMARY KEY,
  idempotency_key TEXT    NOT NULL,
  parameters      TEXT    NOT NULL CHECK (json_valid(parameters)),
  -- Stripe has answered with an error that it would repeat for this key.
  is_spent        INTEGER NOT NULL DEFAULT 0 CHECK (is_spent IN (0, 1)),
  first_tried_at  TEXT    NOT NULL,
  last_tried_at   TEXT    NOT NULL
) STRICT;

-- What Stripe has told us, each event once.
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

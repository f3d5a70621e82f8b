-- Customers and how to reach them. The rules that keep customer and contact methods in step are in
-- src/customers/contact-sync.ts, as statements of the same batch: no triggers.
-- The searchable text puts itself together, so that two concurrent changes of different fields cannot spoil it. Names
-- are folded by the Worker; numbers and addresses need no folding.
ALTER TABLE customers ADD COLUMN name_words TEXT NOT NULL DEFAULT '';
ALTER TABLE customers ADD COLUMN company_words TEXT NOT NULL DEFAULT '';
-- Nobody wrote customers through the API before; what was put in by hand takes the form that the Worker compares:
-- addresses in lower case, nothing blank, names without the accents of French.
UPDATE customers SET email = nullif(lower(trim(email)), ''), phone = nullif(trim(phone), ''), whatsapp = nullif(trim(whatsapp), '');
UPDATE customers SET name_words = (
  WITH RECURSIVE folded(step, words) AS (
    SELECT 1, lower(' ' || name || char(31) || ' ' || coalesce(company, ''))
    UNION ALL
    SELECT step + 1, replace(words, substr('ÀàÂâÄäÇçÉéÈèÊêËëÎîÏïÔôÖöÙùÛûÜüŸÿ-''.,&()', step, 1),
                             substr('aaaaaacceeeeeeeeiiiioooouuuuuuyy       ', step, 1))
    FROM folded WHERE step <= 39)
  SELECT words FROM folded WHERE step = 40);
UPDATE customers SET company_words = substr(name_words, instr(name_words, char(31)) + 1),
                     name_words = substr(name_words, 1, instr(name_words, char(31)) - 1);
ALTER TABLE customers ADD COLUMN search_text TEXT GENERATED ALWAYS AS (
  name_words || company_words
  || coalesce(' ' || replace(replace(replace(replace(replace(replace(lower(email),
       '@', ' '), '.', ' '), '-', ' '), '_', ' '), '+', ' '), '''', ' '), '')
  || coalesce(' ' || substr(phone, 2), '') || coalesce(' ' || substr(whatsapp, 2), '')) VIRTUAL;
-- When everything about the person was removed; the bare row stays, since tickets may name it.
ALTER TABLE customers ADD COLUMN erased_at TEXT;
CREATE INDEX customers_archived ON customers (id) WHERE archived_at IS NOT NULL;

-- Removing a customer asks for deleted tickets too, which the index left out.
DROP INDEX tickets_customer;
CREATE INDEX tickets_customer ON tickets (customer_id, created_at, id) WHERE customer_id IS NOT NULL;

CREATE TABLE contact_methods (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  customer_id INTEGER NOT NULL REFERENCES customers (id),
  kind        TEXT    NOT NULL CHECK (kind IN ('phone', 'sms', 'whatsapp', 'email')),
  -- E.164 or an e-mail address in lower case.
  value       TEXT    NOT NULL CHECK (length(value) BETWEEN 3 AND 254),
  is_primary  INTEGER NOT NULL DEFAULT 0 CHECK (is_primary IN (0, 1)),
  created_at  TEXT    NOT NULL,
  updated_at  TEXT    NOT NULL,
  UNIQUE (customer_id, kind, value)
) STRICT;
CREATE UNIQUE INDEX contact_methods_primary ON contact_methods (customer_id, kind) WHERE is_primary = 1;
CREATE INDEX contact_methods_value ON contact_methods (value);

CREATE TABLE contact_preferences (
  customer_id       INTEGER PRIMARY KEY REFERENCES customers (id),
  preferred_channel TEXT    NOT NULL DEFAULT 'email' CHECK (preferred_channel IN ('phone', 'sms', 'whatsapp', 'email')),
  allow_email       INTEGER NOT NULL DEFAULT 1 CHECK (allow_email IN (0, 1)),
  allow_sms         INTEGER NOT NULL DEFAULT 1 CHECK (allow_sms IN (0, 1)),
  allow_whatsapp    INTEGER NOT NULL DEFAULT 1 CHECK (allow_whatsapp IN (0, 1)),
  allow_phone       INTEGER NOT NULL DEFAULT 1 CHECK (allow_phone IN (0, 1)),
  -- Local time of the shop, HH:MM; the span may cross midnight.
  quiet_from        TEXT    CHECK (quiet_from GLOB '[0-2][0-9]:[0-5][0-9]'),
  quiet_until       TEXT    CHECK (quiet_until GLOB '[0-2][0-9]:[0-5][0-9]'),
  updated_at        TEXT    NOT NULL,
  CHECK ((quiet_from IS NULL) = (quiet_until IS NULL))
) STRICT;

CREATE TABLE contact_history (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  customer_id INTEGER NOT NULL REFERENCES customers (id),
  ticket_id   INTEGER REFERENCES tickets (id),
  user_id     INTEGER REFERENCES users (id),
  channel     TEXT    NOT NULL CHECK (channel IN ('phone', 'sms', 'whatsapp', 'email', 'in_person')),
  direction   TEXT    NOT NULL CHECK (direction IN ('outbound', 'inbound')),
  -- What it was about: `ticket.received`, or what a person wrote.
  summary     TEXT    NOT NULL CHECK (length(summary) BETWEEN 1 AND 2000),
  -- The number or address used.
  value       TEXT,
  created_at  TEXT    NOT NULL
) STRICT;
CREATE INDEX contact_history_customer_id ON contact_history (customer_id, id);
CREATE INDEX contact_history_ticket_id ON contact_history (ticket_id) WHERE ticket_id IS NOT NULL;

-- Every customer has preferences and the methods that the row names, also those that came before these tables.
INSERT INTO contact_preferences (customer_id, updated_at) SELECT id, updated_at FROM customers;
INSERT INTO contact_methods (customer_id, kind, value, is_primary, created_at, updated_at)
  SELECT id, 'phone', phone, 1, updated_at, updated_at FROM customers WHERE length(phone) BETWEEN 3 AND 254
  UNION ALL SELECT id, 'whatsapp', whatsapp, 1, updated_at, updated_at FROM customers WHERE length(whatsapp) BETWEEN 3 AND 254
  UNION ALL SELECT id, 'email', email, 1, updated_at, updated_at FROM customers WHERE length(email) BETWEEN 3 AND 254;

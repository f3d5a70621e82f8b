-- A machine that is removed is looked for among all tickets, deleted ones too, by the foreign key and by us: an index of
-- those that are not deleted is none for that.
DROP INDEX tickets_machine;
CREATE INDEX tickets_machine ON tickets (machine_id, created_at, id);

-- What customers are searched by, of 256 ids in one row: which of them may have a word is known without reading them.
CREATE TABLE customer_blocks (
  -- The customers' ids by 256.
  block INTEGER PRIMARY KEY,
  words TEXT    NOT NULL
) STRICT;

INSERT INTO customer_blocks (block, words)
SELECT id / 256, group_concat(search_text, char(10)) FROM customers GROUP BY id / 256;

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

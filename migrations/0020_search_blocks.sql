-- The words of tickets, filed by the cron run of each minute (docs/search.md). Nothing is filed yet: until the first runs
-- have caught up, searches read the tickets themselves.
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

DROP TABLE ticket_terms;

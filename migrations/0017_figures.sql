-- The figures of days that are long past, so that those of a year need not be counted anew from every ticket of it.
-- Only derived: a day that is missing, stale or marked is counted from the tickets.
CREATE TABLE stats_days (
  -- The instants at which a day of the shop's clocks begins and ends. They, and not its date, say which day it is:
  -- with another time zone the same date is another day.
  starts_at TEXT    PRIMARY KEY,
  ends_at   TEXT    NOT NULL,
  -- The zone that the days were cut by: when the shop's is another, they are cut anew.
  time_zone TEXT    NOT NULL,
  -- Has to be counted (again).
  is_stale  INTEGER NOT NULL DEFAULT 1 CHECK (is_stale IN (0, 1)),
  -- One array per machine with something to tell; see src/stats/counting.ts.
  machines  TEXT    CHECK (json_valid(machines)),
  CHECK (ends_at > starts_at),
  CHECK (is_stale = 1 OR machines IS NOT NULL)
) STRICT;
CREATE INDEX stats_days_stale ON stats_days (starts_at) WHERE is_stale = 1;

-- Dates (UTC) of which something has changed since: every kept day that they touch counts for nothing until the cron
-- run of the minute has counted it again. A pair that stands here already is written no second time.
CREATE TABLE stats_marks (
  -- No CHECK: what is derived must not stand in the way of what it is derived from.
  first_day TEXT NOT NULL,
  last_day  TEXT NOT NULL,
  PRIMARY KEY (first_day, last_day)
) STRICT, WITHOUT ROWID;

-- Stops that began in an earlier third of a month than they ended in, or were cancelled: which of them stood at some
-- instant can be told without reading all the others. 'YYYY-MM-D' are the first nine characters of an instant.
CREATE INDEX tickets_long_stops ON tickets (completed_at, created_at)
  WHERE is_machine_down = 1 AND is_open = 0 AND deleted_at IS NULL
    AND (completed_at IS NULL OR substr(completed_at, 1, 9) <> substr(created_at, 1, 9));

-- What is newer than the newest kept day marks nothing, and that is nearly all that happens: a new ticket, a completion.
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

-- A ticket that goes, comes back, or says for the first time or no longer that its machine is down changes every day
-- since it began.
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

-- An acknowledgement changes the day on which the ticket began; a completion or reopening the day on which it was
-- completed, and of a ticket that says down each day since, as does cancelling it or taking that back.
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
               coalesce((SELECT e.created_at FROM ticket_timeline e
                         WHERE e.ticket_id = NEW.id AND e.action = 'status_changed' AND e.new_value = 'cancelled'
                         ORDER BY e.id DESC LIMIT 1), NEW.created_at), '9999-12-31') AS closed,
           NEW.is_machine_down = 1
             AND (OLD.is_open <> NEW.is_open OR OLD.completed_at IS NOT NEW.completed_at) AS is_stop
  )
  WHERE MIN(acknowledged, completed, closed) < (SELECT ends_at FROM stats_days ORDER BY starts_at DESC LIMIT 1)
  ON CONFLICT DO NOTHING;
END;

-- A stop ends with the use of its machine.
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

-- When something was done, where that is not when it arrived: a phone may have had no network then. NULL: at created_at.
ALTER TABLE ticket_timeline ADD COLUMN occurred_at TEXT;

-- A stop ends when it was cancelled, not when that arrived.
DROP TRIGGER stats_ticket_moved;
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

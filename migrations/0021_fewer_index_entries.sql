-- What a shop pays for is rows written, and an entry of an index is a row: a ticket writes one into each when it is made,
-- and each change writes those whose columns, or whose condition, it may touch.

-- Last changed first, of some statuses: read off the order of all changes.
DROP INDEX tickets_status_updated;

-- Nobody's tickets stand in the index of somebody's, as those of NULL.
DROP INDEX tickets_unassigned;
DROP INDEX tickets_assignee;
CREATE INDEX tickets_assignee ON tickets (assigned_to, created_at, id) WHERE deleted_at IS NULL;

-- The pushes of a ticket are found by its deliveries.
DROP INDEX push_logs_ticket_id;

-- A person has ten devices at most: which was used last needs no index, and each push would write into it.
DROP INDEX push_subscriptions_user_id;
CREATE INDEX push_subscriptions_user_id ON push_subscriptions (user_id);

-- The next migration lets the constraint that refuses a second job begin with the subject, and serve what this one did.
DROP INDEX deliveries_subject;

-- It also keeps the entries of a timeline, and the tries of a delivery, together by their keys.
DROP INDEX ticket_timeline_ticket_id;
DROP INDEX machine_timeline_machine_id;
DROP INDEX delivery_attempts_delivery_id;

-- What is overdue stays so until somebody closes it: the cron run of each minute reads what nobody has been told of.
CREATE INDEX tickets_overdue ON tickets (scheduled_date)
  WHERE scheduled_date IS NOT NULL AND is_open = 1 AND overdue_notified_for IS NOT scheduled_date;

-- Tickets are removed by hand only, if ever. The id of the newest is then given again: for the search it is a ticket whose
-- words have changed.
CREATE TRIGGER search_ticket_removed AFTER DELETE ON tickets
BEGIN
  INSERT INTO search_edits (ticket_id)
  SELECT OLD.id WHERE OLD.id <= coalesce((SELECT up_to FROM search_blocks ORDER BY id DESC LIMIT 1), 0);
END;

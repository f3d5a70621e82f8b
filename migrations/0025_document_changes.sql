-- What has changed in what a phone keeps, in the order in which it was written. D1 writes one batch at a time, and the
-- newest row always stays: so a number is never given twice, none is left out, and whoever has seen one has seen all
-- before it. The rows are made by triggers, so that nothing is written past them. Ids are no foreign keys: a row tells of
-- what has been removed, too.
CREATE TABLE document_changes (
  seq        INTEGER PRIMARY KEY,
  -- A change of a ticket that stops its machine, or lets it run again, is one row that names both.
  ticket_id  INTEGER,
  machine_id INTEGER,
  user_id    INTEGER
) STRICT;

CREATE TRIGGER changes_ticket_inserted AFTER INSERT ON tickets
BEGIN
  INSERT INTO document_changes (ticket_id, machine_id)
  VALUES (NEW.id, iif(NEW.is_machine_down = 1 AND NEW.is_open = 1, NEW.machine_id, NULL));
END;

CREATE TRIGGER changes_ticket_updated AFTER UPDATE OF
  ticket_id, title, description, status, priority, machine_id, customer_id, reported_by, reporter_name, assigned_to,
  is_machine_down, scheduled_date, reported_at, acknowledged_at, acknowledged_by, completed_at, created_at, updated_at,
  deleted_at, version, machine_type_id ON tickets
BEGIN
  INSERT INTO document_changes (ticket_id, machine_id)
  VALUES (NEW.id, iif((OLD.is_machine_down = 1 AND OLD.is_open = 1) <> (NEW.is_machine_down = 1 AND NEW.is_open = 1),
                      NEW.machine_id, NULL));
END;

CREATE TRIGGER changes_ticket_removed AFTER DELETE ON tickets
BEGIN
  INSERT INTO document_changes (ticket_id) VALUES (OLD.id);
END;

-- That somebody was told stands in the timeline and makes no new version of the ticket.
CREATE TRIGGER changes_ticket_noted AFTER INSERT ON ticket_timeline WHEN NEW.action GLOB 'notif*'
BEGIN
  INSERT INTO document_changes (ticket_id) VALUES (NEW.ticket_id);
END;

CREATE TRIGGER changes_machine_inserted AFTER INSERT ON machines
BEGIN
  INSERT INTO document_changes (machine_id) VALUES (NEW.id);
END;

-- A status that follows tickets comes in the batch that changes one of them: mostly that ticket's row has named the machine.
CREATE TRIGGER changes_machine_updated AFTER UPDATE OF
  machine_type_id, name, model, serial_number, location, status, qr_token, created_at, updated_at, retired_at, set_status,
  set_by, set_reason, status_since ON machines
WHEN NEW.status = OLD.status OR NEW.set_status IS NOT OLD.set_status OR NOT EXISTS (
  SELECT 1 FROM document_changes c
  WHERE c.seq = (SELECT MAX(seq) FROM document_changes) AND c.ticket_id IS NOT NULL AND c.machine_id = NEW.id)
BEGIN
  INSERT INTO document_changes (machine_id) VALUES (NEW.id);
END;

CREATE TRIGGER changes_machine_removed AFTER DELETE ON machines
BEGIN
  INSERT INTO document_changes (machine_id) VALUES (OLD.id);
END;

-- Its code is what a machine's document calls its type.
CREATE TRIGGER changes_machine_type_updated AFTER UPDATE OF code ON machine_types WHEN NEW.code <> OLD.code
BEGIN
  INSERT INTO document_changes (machine_id) SELECT id FROM machines WHERE machine_type_id = NEW.id;
END;

CREATE TRIGGER changes_user_inserted AFTER INSERT ON users
BEGIN
  INSERT INTO document_changes (user_id) VALUES (NEW.id);
END;

CREATE TRIGGER changes_user_updated AFTER UPDATE OF name, role, active ON users
WHEN NEW.name <> OLD.name OR NEW.role <> OLD.role OR NEW.active <> OLD.active
BEGIN
  INSERT INTO document_changes (user_id) VALUES (NEW.id);
END;

CREATE TRIGGER changes_user_removed AFTER DELETE ON users
BEGIN
  INSERT INTO document_changes (user_id) VALUES (OLD.id);
END;

-- The words of a ticket once more, as one text ' word word' in its own row: a word that many tickets hold is tested
-- along a list's order there. The index from ticket to words, which a creation paid for word by word, is not needed then.
ALTER TABLE tickets ADD COLUMN search_text TEXT NOT NULL DEFAULT '';
UPDATE tickets SET search_text = coalesce(
  (SELECT ' ' || group_concat(term, ' ') FROM ticket_terms WHERE ticket_terms.ticket_id = tickets.id), '');
DROP INDEX ticket_terms_ticket_id;

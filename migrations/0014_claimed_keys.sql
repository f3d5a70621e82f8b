-- What no single batch can hold (a message to an endpoint, an import of many chunks) claims its key first. While this
-- is set the answer is still to come, and the row belongs to whoever set it until then; NULL: answered.
ALTER TABLE idempotency_keys ADD COLUMN claimed_until TEXT;

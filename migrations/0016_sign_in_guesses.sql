-- Guesses at passwords, counted before they are checked. Subjects are keyed digests, so that a copy of the database names
-- neither accounts nor addresses. There are three kinds: an account at one place (an address, a known device, a session),
-- an account over all places, an address over all accounts.
CREATE TABLE sign_in_guesses (
  -- HMAC-SHA-256, base64url.
  subject     TEXT    PRIMARY KEY CHECK (length(subject) = 43),
  -- Since the last success, since resets_at, or since the first of the window.
  guesses     INTEGER NOT NULL CHECK (guesses >= 0),
  -- Of an account at one place: when it may guess next.
  free_at     TEXT,
  -- When the count begins anew.
  resets_at   TEXT    NOT NULL,
  -- Of an account at an address: until when it counts as known, after a sign-in from there.
  known_until TEXT
) STRICT, WITHOUT ROWID;

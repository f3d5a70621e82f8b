-- Endpoints that a push service has called gone (404, 410): nobody can be reached by them any more. Kept 90 days, as a
-- digest, since an endpoint is the right to send to a device.
CREATE TABLE expired_push_endpoints (
  -- SHA-256 of the endpoint in its normal spelling, base64url.
  endpoint_digest TEXT PRIMARY KEY CHECK (length(endpoint_digest) = 43),
  expired_at      TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX expired_push_endpoints_expired_at ON expired_push_endpoints (expired_at);

import { createHash } from "node:crypto";

/** The strong entity tag of a row with this version (RFC 9110 section 8.8.3). */
export const etag = (version: number): string => `"${version}"`;

const digest = (body: string): string => createHash("sha1").update(body).digest("base64url");

/** The entity tag of a body that has no version: a digest of its text. */
export const bodyEtag = (body: string): string => `"${digest(body)}"`;

/** The entity tag of a row with this version that is shown together with what belongs to others, such as their names. */
export const versionedBodyEtag = (version: number, body: string): string => `"${version}-${digest(body)}"`;

const tags = (header: string): string[] => header.split(",").map((tag) => tag.trim());

/**
 * Whether `If-Match` (RFC 9110 section 13.1.1) lets a change of this version pass. Absent: anything passes. Of a tag that
 * says more than the version, only that counts.
 */
export const ifMatchHolds = (header: string | undefined, version: number): boolean =>
  header === undefined ||
  tags(header).some((tag) => tag === "*" || tag.replace(/^("[0-9]+)-[\w-]{27}"$/, '$1"') === etag(version));

/** Whether a change is bound to no version: `If-Match` is absent or `*`. */
export const anyVersion = (header: string | undefined): boolean => header === undefined || header.trim() === "*";

/** Whether `If-None-Match` (RFC 9110 section 13.1.2) names this tag, so that 304 says it all. Compared weakly. */
export const ifNoneMatchHits = (header: string | undefined, tag: string): boolean =>
  header !== undefined && tags(header).some((known) => known === "*" || known.replace(/^W\//, "") === tag);

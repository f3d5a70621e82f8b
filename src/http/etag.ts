/** The strong entity tag of a row with this version (RFC 9110 section 8.8.3). */
export const etag = (version: number): string => `"${version}"`;

// What a browser may keep on its disk, to ask again whether it is still true (ETag, 304): tickets, machines, their
// files, and what everybody may read. Everything else names customers, people, addresses, sessions or keys, and a
// shared computer of the shop keeps none of it.
const MAY_BE_KEPT =
  /^\/(problems|api\/(openapi\.json|docs|health|machine-types|machines|attachments|tickets(?!\/[^/]+\/emails)))(\/|$)/;

/** `Cache-Control` of an answer that names none itself (RFC 9111 section 5.2.2). */
export const cacheControl = (path: string, status: number): string =>
  status < 400 && MAY_BE_KEPT.test(path) ? "private, no-cache" : "no-store";

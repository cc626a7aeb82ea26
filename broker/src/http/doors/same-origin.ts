// Whether the browser says that a request comes from a page of another site. What a browser adds by itself (a cookie, a proxy's sign-in) proves nothing
// of who made it send the request; these headers do, and no page can write them. Another name below the company's domain is another site, too.
import type { FastifyRequest } from 'fastify';

/** `none`: a person typed the address. */
const OURS: ReadonlySet<string> = new Set(['same-origin', 'none']);

export function createSameOrigin(publicUrl: string): (request: FastifyRequest) => boolean {
  const publicOrigin = new URL(publicUrl).origin;
  return ({ headers, protocol, host }) => {
    const { 'sec-fetch-site': site, origin } = headers;
    if (site !== undefined && (typeof site !== 'string' || !OURS.has(site))) return false;
    // People may come by an address that is not the public one; then the page and the request name the same.
    return origin === undefined || origin === publicOrigin || origin === `${protocol}://${host}`;
  };
}

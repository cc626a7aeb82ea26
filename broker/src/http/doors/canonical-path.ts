// One spelling of each path: what is written otherwise (`//`, `/./`, a slash at the end, letters in percent-encoding, `;x`, a whole URL) is
// nothing here. Two readers of one path (the router and the OAuth server behind it) would else take it for two different things, and a bound
// on one of them would be none on the other. Capital letters are other letters.

/** RFC 3986, section 3.3, without `;`, which some readers cut at. */
const PATH = /^\/(?:[A-Za-z0-9._~!$&'()*+,=:@/-]|%[0-9A-F]{2})*$/;
/** Encoded though it need not be (RFC 3986, section 2.3), or what nobody sends: control characters, a backslash. */
const IDLE_ENCODING = /%(?:[01][0-9A-F]|2D|2E|3[0-9]|4[1-9A-F]|5[0-9AF]|5C|6[1-9A-F]|7[0-9AEF])/;
const MAX_CHARS = 2_048;
/** Where a part of the path is somebody's own words. */
const WORDS = /^\/(?:api\/v1|scim\/v2)\//;
/** Where people write the address of their MCP server with a slash at its end. */
const MCP_WITH_SLASH = /^(\/(?:\.well-known\/oauth-protected-resource\/)?mcp(?:\/[A-Za-z0-9-]{1,64})?)\/$/;

/** The request's target without its query. */
export const pathOf = (url: string): string => url.split('?', 1)[0] ?? '';

export function isCanonicalPath(path: string): boolean {
  if (path.length > MAX_CHARS || !PATH.test(path)) return false;
  if (path.includes('//') || (path.length > 1 && path.endsWith('/'))) return false;
  if (path.split('/').some((segment) => segment === '.' || segment === '..')) return false;
  return !path.includes('%') || (WORDS.test(path) && !IDLE_ENCODING.test(path));
}

/** `/mcp/` is `/mcp`, the one exception. */
export function withoutMcpSlash(url: string): string {
  const path = pathOf(url);
  const bare = MCP_WITH_SLASH.exec(path)?.[1];
  return bare === undefined ? url : bare + url.slice(path.length);
}

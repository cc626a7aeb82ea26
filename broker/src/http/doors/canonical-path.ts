// Each path of the broker has one spelling. Others (`//`, `/./`, a slash at the end, percent-encoded letters, `;x`, a whole URL) are answered with 404.
// Else the router and the OAuth server behind it could read one path as two different ones, and a limit on the one would not hold for the other.
// Letter case counts.

/** RFC 3986, section 3.3, without `;`, which some readers cut at. */
const PATH = /^\/(?:[A-Za-z0-9._~!$&'()*+,=:@/-]|%[0-9A-F]{2})*$/;
/** Percent-encoding of characters that need none (RFC 3986, section 2.3), or of control characters and the backslash, which no client sends. */
const IDLE_ENCODING = /%(?:[01][0-9A-F]|2D|2E|3[0-9]|4[1-9A-F]|5[0-9AF]|5C|6[1-9A-F]|7[0-9AEF])/;
const MAX_CHARS = 2_048;
/** Paths in which a part may be a name that people have chosen, and may need percent-encoding. */
const WORDS = /^\/(?:api\/v1|scim\/v2)\//;
/** Paths of MCP servers as people may write them: with a slash at the end. */
const MCP_WITH_SLASH = /^(\/(?:\.well-known\/oauth-protected-resource\/)?mcp(?:\/[A-Za-z0-9-]{1,64})?)\/$/;

/** The request's target without its query. */
export const pathOf = (url: string): string => url.split('?', 1)[0] ?? '';

/** Whether the path (without its query) is written in its one spelling. */
export function isCanonicalPath(path: string): boolean {
  if (path.length > MAX_CHARS || !PATH.test(path)) return false;
  if (path.includes('//') || (path.length > 1 && path.endsWith('/'))) return false;
  if (path.split('/').some((segment) => segment === '.' || segment === '..')) return false;
  return !path.includes('%') || (WORDS.test(path) && !IDLE_ENCODING.test(path));
}

/** Removes the slash at the end of `/mcp/` and `/mcp/SERVER/`: the only other spelling that is accepted. */
export function withoutMcpSlash(url: string): string {
  const path = pathOf(url);
  const bare = MCP_WITH_SLASH.exec(path)?.[1];
  return bare === undefined ? url : bare + url.slice(path.length);
}

// What a token may be for (RFC 8707): one of the broker's doors, or one server behind the MCP door. People and clients write the address of
// a door in several ways; whatever names the same door is one audience.
import type { Audience } from '../../domain/principal.ts';
import { audienceUris } from './oauth-settings.ts';

export interface Resource {
  audience: Audience;
  /** Name or UUID: `/mcp/NAME-or-UUID`. Undefined: the whole door. */
  server?: string;
}

const SERVER_SHAPE = /^[A-Za-z0-9-]{1,64}$/;

/**
 * The one spelling of a resource of this broker; undefined for what is none. The host in any case, its own port, slashes at the end and the
 * query of an address mean nothing, and the bare origin means the MCP door; another host, another scheme and another path are something else.
 */
export function canonicalResource(uri: string, issuer: string): string | undefined {
  if (!URL.canParse(uri)) return undefined;
  const url = new URL(uri);
  const home = new URL(issuer);
  // A fragment is forbidden (RFC 8707, section 2), and nobody logs in by an address.
  if (url.origin !== home.origin || uri.includes('#') || url.username !== '' || url.password !== '') return undefined;
  const base = home.pathname.replace(/\/+$/, '');
  const path = url.pathname.replace(/\/+$/, '');
  const { tunnel, mcp, api } = audienceUris(issuer);
  if (path === base) return mcp;
  const door = path.startsWith(`${base}/`) ? `${issuer}${path.slice(base.length)}` : undefined;
  if (door === tunnel || door === api || door === mcp) return door;
  const server = door?.startsWith(`${mcp}/`) === true ? door.slice(mcp.length + 1) : '';
  return SERVER_SHAPE.test(server) ? door : undefined;
}

/** A `resource` parameter with each of its addresses in the one spelling; what is none of this broker's stays as it is, to be refused. */
export function withCanonicalResource(value: unknown, issuer: string): unknown {
  if (typeof value === 'string') return canonicalResource(value, issuer) ?? value;
  if (!Array.isArray(value)) return value;
  const [first, ...others] = new Set(value.map((each) => withCanonicalResource(each, issuer)));
  return others.length === 0 ? first : [first, ...others];
}

/** The resource that `uri` names; undefined for what is none of this broker's. */
export function readResource(uri: string, issuer: string): Resource | undefined {
  const { tunnel, mcp, api } = audienceUris(issuer);
  const resource = canonicalResource(uri, issuer);
  if (resource === undefined) return undefined;
  if (resource === tunnel) return { audience: 'tunnel' };
  if (resource === api) return { audience: 'api' };
  return resource === mcp ? { audience: 'mcp' } : { audience: 'mcp', server: resource.slice(mcp.length + 1) };
}

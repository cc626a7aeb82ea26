// The resources that a token may be for (RFC 8707): one of the broker's doors, or one server behind the MCP door. People and clients write a door's
// URL in several ways, which are brought to one spelling here.
import type { Audience } from '../../domain/people/principal.ts';
import { audienceUris } from './oauth-settings.ts';

export interface Resource {
  audience: Audience;
  /** Name or UUID of the only server, for `/mcp/NAME-or-UUID`. Undefined: everything behind the door. */
  server?: string;
}

const SERVER_SHAPE = /^[A-Za-z0-9-]{1,64}$/;

/**
 * Brings the URI of a resource of this broker to its one spelling; undefined where it names none. Ignored are the letter case of the host, the
 * default port, slashes at the end and the query; the origin alone means the MCP door. Another host, scheme or path names no resource.
 */
export function canonicalResource(uri: string, issuer: string): string | undefined {
  if (!URL.canParse(uri)) return undefined;
  const url = new URL(uri);
  const home = new URL(issuer);
  // A fragment is forbidden (RFC 8707, section 2), and so is a user name or password.
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

/** A `resource` parameter with each URI in its one spelling. A URI that is no resource of this broker stays as it is; the provider refuses it. */
export function withCanonicalResource(value: unknown, issuer: string): unknown {
  if (typeof value === 'string') return canonicalResource(value, issuer) ?? value;
  if (!Array.isArray(value)) return value;
  const [first, ...others] = new Set(value.map((each) => withCanonicalResource(each, issuer)));
  return others.length === 0 ? first : [first, ...others];
}

/** The resource that `uri` names, in any spelling; undefined where it is none of this broker. */
export function readResource(uri: string, issuer: string): Resource | undefined {
  const { tunnel, mcp, api } = audienceUris(issuer);
  const resource = canonicalResource(uri, issuer);
  if (resource === undefined) return undefined;
  if (resource === tunnel) return { audience: 'tunnel' };
  if (resource === api) return { audience: 'api' };
  return resource === mcp ? { audience: 'mcp' } : { audience: 'mcp', server: resource.slice(mcp.length + 1) };
}

// Devices, logins and grants as the API shows them.
import type {
  Device as DeviceOfPerson,
  Grant as GrantOfPerson,
  Session as SessionOfPerson,
} from '../../domain/people/people.ts';
import type { Device, Session } from 'mcpgate-shared/api/devices';
import type { Grant } from 'mcpgate-shared/api/grants';
import type { LinkView } from '../dependencies.ts';
import { isoTime, isoTimeOrNull } from '../iso-time.ts';

/** The credentials with an open link. */
export const connectedOf = (links: readonly LinkView[]): ReadonlySet<string> =>
  new Set(links.map(({ credentialId }) => credentialId));

export const toDevice = (device: DeviceOfPerson, connected: ReadonlySet<string>): Device => ({
  id: device.id,
  name: device.name,
  user: device.user,
  platform: device.platform,
  address: device.address,
  connected: connected.has(device.id),
  logged_in: device.loggedIn,
  created_at: isoTime(device.createdAt),
  last_seen_at: isoTime(device.lastSeenAt),
  revoked_at: isoTimeOrNull(device.revokedAt),
});

export const toSession = (session: SessionOfPerson, connected: ReadonlySet<string>): Session => ({
  id: session.id,
  kind: session.kind,
  user: session.user,
  label: session.label,
  resource: session.access?.resource ?? null,
  scopes: [...(session.access?.scopes ?? [])],
  address: session.address,
  connected: connected.has(session.id),
  created_at: isoTime(session.createdAt),
  last_seen_at: isoTime(session.lastSeenAt),
  expires_at: isoTimeOrNull(session.expiresAt),
});

/** `known`: the names of the servers that there are. */
export const toGrant = (grant: GrantOfPerson, known: ReadonlySet<string>): Grant => ({
  id: grant.id,
  label: grant.label,
  user: grant.user,
  state: grant.state,
  servers: [...grant.servers],
  missing_servers: grant.servers.filter((name) => !known.has(name)),
  allow_from: [...grant.allowFrom],
  created_at: isoTime(grant.createdAt),
  created_by: grant.createdBy,
  expires_at: isoTimeOrNull(grant.expiresAt),
  last_used_at: isoTimeOrNull(grant.lastUsedAt),
  revoked_at: isoTimeOrNull(grant.revokedAt),
});

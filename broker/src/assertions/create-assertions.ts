// Makes the tokens by which servers are told who asks (RFC 7519). Each is for one server and one person, and is used for several requests while it
// is new: what a server might repeat of it can be hidden only where there are few.
import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { createRecentMap } from '../domain/bounds/recent-map.ts';
import type { UserRecord } from '../domain/people/people.ts';
import type { ServerRecord } from '../domain/server-record.ts';
import { identityAudienceOf } from '../domain/transports/http-transport.ts';
import { isAtUrl } from '../domain/transports/transports.ts';
import type { Store } from '../store/store.ts';
import type { Vault } from '../vault/vault.ts';
import type { Assertions } from './assertions.ts';
import { ALGORITHM, createSigningKeys, TOKEN_MS } from './signing-keys.ts';

/** Of what a mask keeps in mind (secret-mask.ts) none is good any more when it is forgotten. */
const REUSE_MS = TOKEN_MS / 4;

interface Made {
  token: Promise<string>;
  audience: string;
  until: number;
}

export function createAssertions(parts: {
  store: Pick<Store, 'keys' | 'users'>;
  vault: Pick<Vault, 'seal' | 'open'>;
  clock: Clock;
  /** Where people and servers reach this broker: an origin. */
  issuer: string;
  /** Whether servers are told of a group with this name. */
  tellsGroup: (name: string) => boolean;
}): Assertions {
  const { store, vault, clock, issuer, tellsGroup } = parts;
  const { signer, ...keys } = createSigningKeys({ store, vault, clock });
  const makeMap = () => createRecentMap<Made>({ clock, keepMs: REUSE_MS });
  let made = makeMap();

  async function sign(audience: string, user: UserRecord): Promise<string> {
    const now = Math.floor(clock.now() / 1000);
    const { kid, key } = await signer();
    return await new SignJWT({
      preferred_username: user.name,
      ...(user.email === null ? {} : { email: user.email }),
      ...groupClaims(user.groups.filter(tellsGroup)),
      workspace: user.workspaceId,
    })
      .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT', kid })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(user.id)
      .setJti(randomUUID())
      .setIssuedAt(now)
      .setExpirationTime(now + TOKEN_MS / 1000)
      .sign(key);
  }

  async function make(name: string, workspaceId: string, audience: string, userId: string): Promise<string> {
    const user = await store.users.byId(userId);
    if (user === undefined || user.disabledAt !== null || user.workspaceId !== workspaceId)
      throw new GateError('forbidden', `server ${name} is told who asks, and the access of this person has ended`);
    return sign(audience, user);
  }

  return {
    keys: {
      ...keys,
      changed() {
        keys.changed();
        made = makeMap();
      },
      async rotate(options) {
        const rotated = await keys.rotate(options);
        made = makeMap();
        return rotated;
      },
    },
    async tokenFor({ id, name, workspaceId, transport }, userId) {
      const audience = audienceOf({ name, transport });
      const key = `${workspaceId} ${id} ${userId}`;
      const known = made.get(key);
      if (known?.audience === audience && known.until > clock.now()) return known.token;
      const token = make(name, workspaceId, audience, userId);
      made.set(key, { token, audience, until: clock.now() + REUSE_MS });
      token.catch(() => made.delete(key));
      return token;
    },
    personChanged: () => void (made = makeMap()),
  };
}

/** Web servers refuse headers of more than 8 KB; these leave room for the rest of the token and for other headers. */
const MOST_GROUPS = 200;
const MOST_GROUP_BYTES = 4_096;

/** All groups or none: of some a server could conclude that the person is in no other. */
function groupClaims(groups: readonly string[]): { groups: string[] } | { groups_overage: true } {
  const isTooMuch = groups.length > MOST_GROUPS || Buffer.byteLength(JSON.stringify(groups)) > MOST_GROUP_BYTES;
  return isTooMuch ? { groups_overage: true } : { groups: [...groups] };
}

function audienceOf({ name, transport }: Pick<ServerRecord, 'name' | 'transport'>): string {
  const audience = isAtUrl(transport) ? identityAudienceOf(transport) : undefined;
  if (audience !== undefined) return audience;
  throw new GateError('config', `server ${name} has no address that a token could be for`);
}

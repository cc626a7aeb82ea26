// Answers what laptops ask about tokens in the files of AI clients, keeps their counts, and takes proposals of servers. A laptop sends
// fingerprints, which are compared with the secrets of the caller's own workspace that nobody could guess; the rate is limited, so that nobody
// can try out values.
import { createHash } from 'node:crypto';
import { fingerprintOf } from 'mcpgate-shared/entries/fingerprint';
import { targetsOf } from 'mcpgate-shared/entries/entry-targets';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { createRateBound } from 'mcpgate-shared/rate-bound';
import type { Audit } from '../audit/audit.ts';
import type { Principal } from '../domain/people/principal.ts';
import { createRecentMap } from '../domain/bounds/recent-map.ts';
import { secretNamesOfRecord } from '../domain/transports/transport-texts.ts';
import type { Store } from '../store/store.ts';
import type { Vault } from '../vault/vault.ts';
import { createFingerprintKeys } from './fingerprint-keys.ts';
import type { Laptops } from './laptops.ts';

/** A person who tries out commands asks often for a moment; a program that asks all the time gets six answers a minute. */
const ASKED = { burst: 30, perSecond: 0.1 };
const REMEMBERED_MS = 10 * 60_000;
const MAX_OPEN_PROPOSALS = 20;

export function createLaptops(parts: {
  store: Pick<Store, 'servers' | 'laptopFindings' | 'proposals'>;
  vault: Pick<Vault, 'recognise'>;
  audit: Pick<Audit, 'event'>;
  clock: Clock;
}): Laptops {
  const { store, vault, audit, clock } = parts;
  const keys = createFingerprintKeys(clock);
  const bounds = createRecentMap<() => boolean>({ clock, keepMs: REMEMBERED_MS });

  function assertNotTooOften(principal: Principal, what: string): void {
    const who = `${what} ${principal.workspaceId} ${principal.user?.id ?? principal.credential.id}`;
    const bound = bounds.get(who) ?? createRateBound(ASKED, () => clock.now());
    bounds.set(who, bound);
    if (bound()) return;
    const text = 'the broker was asked about tokens too often; try again in a minute';
    throw new GateError('throttled', text, { retryAfterMs: 60_000 });
  }

  /** Tells the log where a laptop holds more or fewer tokens than it told before. */
  async function keep(principal: Principal, tokens: number, live: readonly string[]): Promise<void> {
    const { device, workspaceId, user } = principal;
    if (device === undefined) return;
    const counts = { tokens, live: live.length };
    const before = await store.laptopFindings.put({
      workspaceId,
      deviceId: device.id,
      ...counts,
      reportedAt: clock.now(),
    });
    if (before.tokens === counts.tokens && before.live === counts.live) return;
    await audit.event({
      workspace_id: workspaceId,
      type: tokens > 0 ? 'laptop.tokens_found' : 'laptop.tokens_gone',
      actor: user?.name ?? `grant:${principal.credential.label}`,
      subject: `device:${device.id}`,
      address: null,
      data: { device: device.name, ...counts, secrets: [...live] },
    });
  }

  return {
    tokenKey(principal, usable) {
      assertNotTooOften(principal, 'key');
      const { id, key } = keys.current(principal);
      const servers = usable.map(({ name, transport }) => ({
        name,
        targets: targetsOf(transport).map((target) => fingerprintOf(key, 'target', target)),
      }));
      return { key_id: id, key: Buffer.from(key).toString('base64url'), servers };
    },

    async report(principal, { key_id: keyId, fingerprints, found }, usable) {
      assertNotTooOften(principal, 'report');
      const { workspaceId } = principal;
      const key = keys.byId(principal, keyId);
      const recognised = await vault.recognise(workspaceId, key, new Set(fingerprints));
      const live = recognised.filter(({ isCurrent }) => isCurrent).map(({ name, version }) => `${name}@${version}`);
      await keep(principal, found, live);
      return {
        secrets: recognised.map(({ fingerprint, name, version, isCurrent }) => {
          const servers = usable.filter((server) => secretNamesOfRecord(server).includes(name));
          // The name of a secret of servers that one may not use is nobody else's business.
          const isKnown = servers.length > 0;
          return {
            fingerprint,
            name: isKnown ? name : null,
            version: isKnown ? version : null,
            current: isCurrent,
            servers: servers.map((server) => server.name),
          };
        }),
      };
    },

    async propose(principal, { name, transport }) {
      const { workspaceId, user } = principal;
      if (user === undefined) throw new GateError('forbidden', 'only a person can propose a server');
      assertNotTooOften(principal, 'propose');
      const digest = createHash('sha256')
        .update(JSON.stringify([name, transport]))
        .digest('hex');
      if ((await store.proposals.openOf(workspaceId, user.id)).length >= MAX_OPEN_PROPOSALS)
        throw new GateError('throttled', `${MAX_OPEN_PROPOSALS} servers that you proposed wait for an administrator`);
      const { isNew, ...proposal } = await store.proposals.add({
        workspaceId,
        userId: user.id,
        name,
        transport,
        digest,
      });
      if (isNew)
        await audit.event({
          workspace_id: workspaceId,
          type: 'proposal.made',
          actor: user.name,
          subject: `proposal:${proposal.id}`,
          address: null,
          data: { name, transport: transport.kind },
        });
      return proposal;
    },
  };
}

// How old secrets are, when they expire, whether their services take them, and how what they are read from is found; never a value.
import type { Clock } from 'mcpgate-shared/clock';
import { Gauge, type Registry } from 'prom-client';
import type { SecretAge } from '../../vault/secret-watch.ts';
import type { SourceState } from '../../vault/vault.ts';

const SOURCE_STATES: readonly SourceState[] = ['ok', 'kept', 'away', 'unread'];

export function registerSecretMetrics(
  registry: Registry,
  {
    secretAges,
    secretSources,
    clock,
  }: {
    secretAges: () => readonly SecretAge[];
    secretSources: () => readonly { state: SourceState; reference: string }[];
    clock: Clock;
  },
): void {
  const common = { labelNames: ['workspace', 'secret'] as const, registers: [registry] };
  new Gauge({
    ...common,
    name: 'mcpgate_secret_age_seconds',
    help: 'How long ago the version of a secret that is in use was set',
    collect() {
      this.reset();
      for (const { workspace, secret, createdAt } of secretAges())
        this.set({ workspace, secret }, (clock.now() - createdAt) / 1000);
    },
  });
  new Gauge({
    ...common,
    name: 'mcpgate_secret_expires_in_seconds',
    help: 'How long until it expires, where that is known; negative once it has',
    collect() {
      this.reset();
      for (const { workspace, secret, expiresAt } of secretAges())
        if (expiresAt !== null) this.set({ workspace, secret }, (expiresAt - clock.now()) / 1000);
    },
  });
  new Gauge({
    ...common,
    name: 'mcpgate_secret_unverified',
    help: '1 while nobody knows that services take the version in use: refused when it was set or tested, or neither told then nor carried since',
    collect() {
      this.reset();
      for (const { workspace, secret, isUnverified } of secretAges())
        this.set({ workspace, secret }, Number(isUnverified));
    },
  });
  new Gauge({
    name: 'mcpgate_secret_sources',
    help: 'Secrets that are read elsewhere, by kind of source and how it is found: ok, kept (away, and what was read before lives on), away, unread',
    labelNames: ['kind', 'state'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { reference, state } of secretSources()) {
        const kind = reference.slice(0, reference.indexOf(':'));
        for (const known of SOURCE_STATES) this.inc({ kind, state: known }, known === state ? 1 : 0);
      }
    },
  });
}

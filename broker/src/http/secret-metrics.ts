// How old secrets are, and when they expire: by name, never a value.
import type { Clock } from 'mcpgate-shared/clock';
import { Gauge, type Registry } from 'prom-client';
import type { SecretAge } from '../vault/secret-watch.ts';

export function registerSecretMetrics(
  registry: Registry,
  { secretAges, clock }: { secretAges: () => readonly SecretAge[]; clock: Clock },
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
}

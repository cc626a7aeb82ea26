// How servers stand, in `/metrics`.
import { Gauge, type Registry } from 'prom-client';
import type { UpstreamStatus } from '../../upstreams/upstream.ts';

const STATES: readonly UpstreamStatus['state'][] = ['disabled', 'idle', 'starting', 'ready', 'failed'];
const CIRCUITS = { closed: 0, 'half-open': 0.5, open: 1 } as const;

type Server = UpstreamStatus & { workspace: string };

export function registerUpstreamMetrics(registry: Registry, upstreams: () => readonly Server[]): void {
  const gauge = (name: string, help: string, of: (server: Server) => number) =>
    new Gauge({
      ...{ name, help, labelNames: ['workspace', 'server'], registers: [registry] },
      collect() {
        this.reset();
        for (const each of upstreams()) this.set({ workspace: each.workspace, server: each.name }, of(each));
      },
    });
  new Gauge({
    name: 'mcpgate_upstream_state',
    help: '1 for the state that a server is in',
    labelNames: ['workspace', 'server', 'state'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { workspace, name, state } of upstreams()) {
        for (const known of STATES) this.set({ workspace, server: name, state: known }, known === state ? 1 : 0);
      }
    },
  });
  gauge(
    'mcpgate_upstream_circuit_open',
    '1 while a server is not tried, because it failed several times in a row; 0.5 while one try decides',
    ({ circuit }) => CIRCUITS[circuit],
  );
  gauge(
    'mcpgate_upstream_flapping',
    '1 while connections of a server start and end by themselves again and again',
    ({ flapping }) => (flapping ? 1 : 0),
  );
  gauge('mcpgate_upstream_processes', 'Child processes of a server', ({ processes }) => processes);
}

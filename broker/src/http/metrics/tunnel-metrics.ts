// The tunnel's figures in `/metrics`: its links and channels, how much they keep in memory, what was refused, and how links ended.
import { Counter, Gauge, type Registry } from 'prom-client';
import type { TunnelStats } from '../../tunnel/tunnel.ts';

export function registerTunnelMetrics(registry: Registry, figures: () => TunnelStats): void {
  const registers = [registry];
  const gauge = (name: string, help: string, of: (now: TunnelStats) => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(of(figures()));
      },
    });
  const counter = (name: string, help: string, label: string, of: (now: TunnelStats) => ReadonlyMap<string, number>) =>
    new Counter({
      name,
      help,
      labelNames: [label],
      registers,
      collect() {
        this.reset();
        for (const [value, count] of of(figures())) this.inc({ [label]: value }, count);
      },
    });

  gauge('mcpgate_links', 'Open WebSockets', ({ links }) => links);
  gauge('mcpgate_channels', 'Channels, one an AI client; those that wait for their link included', (n) => n.channels);
  gauge('mcpgate_tunnel_awaited_channels', 'Channels that another broker is asked for', (n) => n.awaited);
  gauge('mcpgate_tunnel_pending_calls', 'Calls of channels that are under way', (n) => n.pending);
  gauge('mcpgate_tunnel_backlog_bytes', 'Bytes kept for peers until they acknowledge them', (n) => n.backlogBytes);
  gauge('mcpgate_tunnel_held_bytes', 'Bytes that came and wait for a slow reader in the broker', (n) => n.heldBytes);
  gauge('mcpgate_tunnel_partial_bytes', 'Bytes of messages that have not wholly come', (n) => n.partialBytes);
  gauge('mcpgate_tunnel_socket_bytes', 'Bytes in sockets that peers have not taken', (n) => n.socketBytes);
  counter(
    'mcpgate_tunnel_rejected_total',
    'Upgrades, frames, channels and links refused, by reason',
    'reason',
    (n) => n.rejects,
  );
  counter('mcpgate_tunnel_links_closed_total', 'Links closed, by WebSocket close code', 'code', (n) => n.closes);
}

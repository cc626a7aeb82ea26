// Events of a server of 2026-07-28 that posts them to addresses (Events extension, "Webhook-Based Delivery"): keeps subscriptions for as long as it granted.
import type { McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';

const DAY_MS = 24 * 3_600_000;
const Subscription = z.looseObject({
  name: z.string(),
  arguments: z.looseObject({}).optional(),
  delivery: z.looseObject({ mode: z.literal('webhook'), url: z.string() }),
  ttlMs: z.number().nullish(),
});

/** `asked`: what clients ask for, and a day where they do not say. */
export type Grants = 'asked' | 'for ever';

export interface ModernEvents {
  grants: Grants;
  /** What it would post to at that time, ms since the epoch. */
  posts(at: number): string[];
  offer(server: McpServer): void;
}

export const EVENTS = 'io.modelcontextprotocol/events';

export function createModernEvents(): ModernEvents {
  const ends = new Map<string, number>();
  const keyOf = (of: z.output<typeof Subscription>) =>
    `${of.name} ${JSON.stringify(of.arguments ?? {})} ${of.delivery.url}`;
  const events: ModernEvents = {
    grants: 'asked',
    posts: (at) => [...ends].filter(([, end]) => at < end).map(([key]) => key),
    offer({ server }) {
      server.setRequestHandler('events/list', { params: z.looseObject({}) }, () => ({
        events: [{ name: 'mail.came', delivery: ['webhook'], inputSchema: { type: 'object' } }],
      }));
      server.setRequestHandler('events/subscribe', { params: Subscription }, (params) => {
        const { ttlMs = DAY_MS } = params;
        const end = events.grants === 'for ever' || ttlMs === null ? Number.POSITIVE_INFINITY : Date.now() + ttlMs;
        ends.set(keyOf(params), end);
        return { id: 'sub_1', refreshBefore: Number.isFinite(end) ? new Date(end).toISOString() : null, cursor: null };
      });
      server.setRequestHandler('events/unsubscribe', { params: Subscription }, (params) => {
        ends.delete(keyOf(params));
        return {};
      });
    },
  };
  return events;
}

// A row of the log for each request that was refused, at whichever door and for whatever reason, so that no way in is without one. Doors that know
// better what was wrong write a row of their own (`Audit.refused`); what none of them has written is written here, when the answer has left.
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { Audit } from '../../audit/audit.ts';
import type { AuditEvent } from '../../domain/call-record.ts';
import type { Log } from '../../domain/log.ts';
import { DEFAULT_WORKSPACE } from '../../domain/workspace.ts';
import { pathOf } from './canonical-path.ts';

/** The ways in, as rows of the log call them. */
export type WayIn =
  | 'api'
  | 'connection'
  | 'health'
  | 'hooks'
  | 'mcp'
  | 'metrics'
  | 'oauth'
  | 'pages'
  | 'scim'
  | 'socket'
  | 'tunnel'
  | 'whoami';

export interface RefusedRequests {
  /** Says who has sent the request, once that is known. */
  by(request: IncomingMessage, who: { name: string; workspaceId: string }): void;
  /** `door`: of all routes of the app; left out: what their paths say. */
  watch(app: FastifyInstance, door?: WayIn): void;
  /** What was refused before any app has seen it. */
  note(door: WayIn, reason: string, address: string | null): void;
}

/** The beginnings of paths; anything else is a page. */
const DOORS: readonly (readonly [beginning: string, door: WayIn])[] = [
  ['/api/v1', 'api'],
  ['/mcp', 'mcp'],
  ['/scim', 'scim'],
  ['/oauth', 'oauth'],
  ['/.well-known', 'oauth'],
  ['/hooks', 'hooks'],
  ['/metrics', 'metrics'],
  ['/healthz', 'health'],
  ['/readyz', 'health'],
  ['/v1/tunnel', 'tunnel'],
  ['/v1/whoami', 'whoami'],
];

export function doorOf(url: string): WayIn {
  const path = pathOf(url);
  return DOORS.find(([beginning]) => path === beginning || path.startsWith(`${beginning}/`))?.[1] ?? 'pages';
}

/** What a status says of why. Those that are not here are no refusals: of them the log of the broker tells. */
const REASONS: Readonly<Record<number, string>> = {
  400: 'malformed',
  401: 'not_logged_in',
  403: 'forbidden',
  404: 'unknown',
  405: 'method',
  406: 'media_type',
  409: 'conflict',
  410: 'gone',
  412: 'stale',
  413: 'too_large',
  414: 'too_large',
  415: 'media_type',
  421: 'wrong_host',
  422: 'malformed',
  426: 'version',
  429: 'throttled',
  431: 'too_large',
};

export function createRefusedRequests({
  audit,
  log,
}: {
  audit: Pick<Audit, 'refused' | 'told'>;
  log: Pick<Log, 'error'>;
}): RefusedRequests {
  const senders = new WeakMap<IncomingMessage, { name: string; workspaceId: string }>();
  const record = (event: AuditEvent): void => {
    audit
      .refused(event)
      .catch((error: unknown) => log.error({ err: error }, 'a refused request could not be recorded'));
  };
  const common = { type: 'request.refused', subject: null };
  return {
    by: (request, who) => void senders.set(request, who),
    watch(app, fixed) {
      app.addHook('onResponse', (request, reply, done) => {
        done();
        const reason = REASONS[reply.raw.statusCode];
        if (reason === undefined || audit.told.has(request.raw)) return;
        const who = senders.get(request.raw);
        // The route and not the path, which may hold anything that somebody has pasted into it.
        const { url: route } = request.routeOptions;
        const data = {
          ...{ door: fixed ?? doorOf(request.url), reason, status: reply.raw.statusCode, method: request.method },
          ...(route !== undefined && { route }),
        };
        const at = { workspace_id: who?.workspaceId ?? DEFAULT_WORKSPACE, actor: who?.name ?? 'anonymous' };
        record({ ...common, ...at, address: fixed === 'socket' ? null : request.ip, data });
      });
    },
    note(door, reason, address) {
      record({ ...common, workspace_id: DEFAULT_WORKSPACE, actor: 'anonymous', address, data: { door, reason } });
    },
  };
}

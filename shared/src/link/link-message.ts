// The JSON payloads of `open`, `opened`, `close` and `control` frames, with hand-written guards, because `serve` loads no validation library.

/** `serve` -> broker. */
export interface OpenMessage {
  /** The channel's own name, 32 hex digits, chosen by `serve`. */
  id: string;
  /**
   * Chosen by `serve`: 43 characters of base64url. A resume must show the same secret, which proves that it comes from the process that opened
   * the channel.
   */
  secret: string;
  /** The next sequence number expected from the broker. */
  next: number;
  /** How many bytes may be under way unacknowledged towards `serve`. */
  windowBytes: number;
  /** `serve --server NAME`. */
  server?: string;
  /** `serve --tools all|search`. */
  tools?: 'all' | 'search';
  /**
   * A run of the broker, by its name in `welcome`. On a resume: the run at which the channel was opened. On a first `open`: the run that it is
   * meant for; another broker does not open the channel.
   */
  broker?: string;
  /** True: the channel was opened before, and this resumes it. */
  resume?: boolean;
  version: string;
}

/** Broker -> `serve`. */
export interface OpenedMessage {
  next: number;
  windowBytes: number;
  /** False: the broker does not know the channel. Sequence numbers start from 0, and calls under way have an unknown outcome. */
  resumed: boolean;
  /** The run of the broker that has the channel. */
  broker?: string;
  /** The longest message, in either direction. */
  maxMessageBytes: number;
  /** How many bytes each end keeps while the other is away, and for how long. */
  backlogBytes: number;
  resumeMs: number;
}

export interface CloseMessage {
  code: 'done' | 'gone' | 'refused' | 'revoked' | 'protocol' | 'too_large' | 'overflow';
  message: string;
  /**
   * The broker has read what `serve` sent before this sequence number and nothing from there on, so `serve` can send the rest again on another
   * channel. Absent: the broker does not know what was read.
   */
  taken?: number;
}

/** The first message of the broker: who is logged in on the link, and the broker's own version. `broker`: the name of this run of it. */
export interface Welcome {
  type: 'welcome';
  user: string | null;
  workspace: string;
  version: string;
  expiresAt: number | null;
  broker?: string;
}

/**
 * In the upgrade request of a daemon: `yes` where its person has a display, so that pages can be opened for them. A header, because a broker that
 * does not know it ends no link for it, as it would for a message; and daemons that do not send it are sent no pages.
 */
export const PAGES_HEADER = 'mcpgate-pages';

/** The messages on channel 0 of the WebSocket. */
export type LinkMessage =
  | { type: 'token'; token: string } // daemon -> broker: the renewed access token
  | Welcome // broker -> daemon, first
  | { type: 'renewed'; expiresAt: number | null }
  /** Broker -> daemon, where the daemon has said that it can (`PAGES_HEADER`): to open this page of the broker for the person. */
  | { type: 'page'; url: string }
  | { type: 'draining' };

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isName = (value: unknown): value is string => typeof value === 'string' && /^[\w-]{1,64}$/.test(value);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** The JSON object in a payload; undefined where the payload is none. */
export function readJson(payload: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(payload.toString('utf8'));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function readOpen(payload: Buffer): OpenMessage | undefined {
  const m = readJson(payload);
  if (!m || typeof m['id'] !== 'string' || !/^[0-9a-f]{32}$/.test(m['id'])) return undefined;
  if (!isCount(m['next']) || !isCount(m['windowBytes']) || typeof m['version'] !== 'string') return undefined;
  const { secret, server, tools, broker, resume } = m;
  if (typeof secret !== 'string' || !/^[\w-]{43}$/.test(secret)) return undefined;
  if (server !== undefined && typeof server !== 'string') return undefined;
  if (tools !== undefined && tools !== 'all' && tools !== 'search') return undefined;
  if (broker !== undefined && !isName(broker)) return undefined;
  return {
    id: m['id'],
    secret,
    next: m['next'],
    windowBytes: m['windowBytes'],
    version: m['version'].slice(0, 64),
    ...(server === undefined ? {} : { server: server.slice(0, 64) }), // longer than any server's name, so the shortened text still names none
    ...(tools === undefined ? {} : { tools }),
    ...(broker === undefined ? {} : { broker }),
    ...(resume === true && { resume }),
  };
}

export function readOpened(payload: Buffer): OpenedMessage | undefined {
  const m = readJson(payload);
  if (!m || typeof m['resumed'] !== 'boolean') return undefined;
  const { next, windowBytes, maxMessageBytes, backlogBytes, resumeMs, broker } = m;
  if (!isCount(next) || !isCount(windowBytes) || !isCount(maxMessageBytes)) return undefined;
  if (!isCount(backlogBytes) || !isCount(resumeMs)) return undefined;
  const limits = { maxMessageBytes, backlogBytes, resumeMs };
  return { next, windowBytes, resumed: m['resumed'], ...limits, ...(isName(broker) && { broker }) };
}

const CLOSE_REASONS: readonly string[] = ['done', 'gone', 'refused', 'revoked', 'protocol', 'too_large', 'overflow'];

export function readClose(payload: Buffer): CloseMessage | undefined {
  const m = readJson(payload);
  if (!m || typeof m['code'] !== 'string' || !CLOSE_REASONS.includes(m['code'])) return undefined;
  const { message, taken } = m;
  return {
    code: m['code'] as CloseMessage['code'],
    message: typeof message === 'string' ? message : '',
    ...(isCount(taken) && { taken }),
  };
}

export function readLinkMessage(payload: Buffer): LinkMessage | undefined {
  const m = readJson(payload);
  const expiresAt = m?.['expiresAt'];
  const hasExpiry = expiresAt === null || isCount(expiresAt);
  switch (m?.['type']) {
    case 'token':
      return typeof m['token'] === 'string' ? { type: 'token', token: m['token'] } : undefined;
    case 'welcome':
      if (!hasExpiry || typeof m['workspace'] !== 'string' || typeof m['version'] !== 'string') return undefined;
      return {
        type: 'welcome',
        user: typeof m['user'] === 'string' ? m['user'] : null,
        workspace: m['workspace'],
        version: m['version'],
        expiresAt,
        ...(isName(m['broker']) && { broker: m['broker'] }),
      };
    case 'renewed':
      return hasExpiry ? { type: 'renewed', expiresAt } : undefined;
    case 'page':
      return typeof m['url'] === 'string' ? { type: 'page', url: m['url'] } : undefined;
    case 'draining':
      return { type: 'draining' };
    default:
      return undefined;
  }
}

/** Writes a message as the payload of a frame. */
export const toPayload = (message: OpenMessage | OpenedMessage | CloseMessage | LinkMessage): Buffer =>
  Buffer.from(JSON.stringify(message));

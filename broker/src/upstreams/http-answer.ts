// What an HTTP status of an upstream server means for the request that got it.
import { GateError } from 'mcpgate-shared/error';
import { findMember, scanObject } from 'mcpgate-shared/json-span';
import { inWorkspace } from '../domain/workspace.ts';
import { isRecord, parseRecord } from './json-rpc-guard.ts';
import { isModernError } from './modern-error.ts';
import { quoteForeign } from './quote-foreign.ts';
import { notExecuted } from './retry-reason.ts';

/** The path to go on at, for a redirect that keeps method and body and stays at the origin; else undefined. */
export function redirectPath(status: number, location: string | undefined, url: URL, path: string): string | undefined {
  if ((status !== 307 && status !== 308) || location === undefined) return undefined;
  const base = new URL(path, url);
  if (!URL.canParse(location, base.href)) return undefined;
  const target = new URL(location, base);
  return target.origin === url.origin ? target.pathname + target.search : undefined;
}

/** A modern error may come without the id that it answers: the exchange says which it is. */
export function withRequestId(body: string, id: number): string {
  const message = parseRecord(body);
  const hasId = message === undefined || (message['id'] !== undefined && message['id'] !== null);
  const error = hasId || !isRecord(message['error']) ? undefined : message['error'];
  if (error === undefined || !isModernError(error)) return body;
  const at = findMember(scanObject(body).members, 'error');
  return `{"jsonrpc":"2.0","id":${id},"error":${body.slice(at?.start, at?.end)}}`;
}

function isSessionLost(status: number, body: string, sessionId: string | undefined): boolean {
  // 404 is the specification's; several servers say 400 and a word about the session.
  return sessionId !== undefined && (status === 404 || (status === 400 && /session/i.test(body)));
}

export const classifyStatus = {
  /** Whether the request was provably not executed and a new connection may help. */
  isRetryable: (status: number, body: string, sessionId: string | undefined): boolean =>
    status === 401 || isSessionLost(status, body, sessionId),

  /** `body` is masked. The error's `data.status` is the status. */
  toError(answer: {
    serverName: string;
    workspaceId: string;
    status: number;
    body: string;
    sessionId: string | undefined;
    location: string | undefined;
  }): GateError {
    const { serverName, status, body } = answer;
    if (isSessionLost(status, body, answer.sessionId)) {
      return withStatus(
        notExecuted('session_lost', `server ${serverName} has forgotten the session (HTTP ${status})`),
        status,
      );
    }
    if (status === 401) {
      const message = `server ${serverName} refused its credentials (HTTP 401); an administrator can replace them with "mcpgate-broker secret set NAME${inWorkspace(answer.workspaceId)}"`;
      return withStatus(notExecuted('unauthorized', message), status);
    }
    if (status >= 300 && status < 400) {
      const to =
        answer.location !== undefined && URL.canParse(answer.location) ? ` to ${new URL(answer.location).origin}` : '';
      const message = `server ${serverName} redirects${to} (HTTP ${status}), which is not followed with its credentials; register the new URL`;
      return new GateError('upstream', message, { data: { status } });
    }
    return new GateError(
      'upstream',
      `server ${serverName} answered HTTP ${status}${body.trim() === '' ? '' : `: ${quoteForeign(body)}`}`,
      { data: { status } },
    );
  },
};

function withStatus(error: GateError, status: number): GateError {
  return new GateError(error.code, error.message, { data: { ...error.data, status } });
}

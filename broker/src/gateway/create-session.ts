// One session: reads the client's messages, keeps what is under way, answers. Text in, text out.
import { randomUUID } from 'node:crypto';
import { toGateError } from 'mcpgate-shared/error';
import { findMember, scanObject } from 'mcpgate-shared/json-span';
import type { Principal } from '../domain/principal.ts';
import { isRecord, stringOf } from '../upstreams/json-rpc-guard.ts';
import { errorMessage, errorObject, LIST_CHANGED, resultMessage } from './answers.ts';
import { callTool } from './call-tool.ts';
import { idKey, INVALID_REQUEST, METHOD_NOT_FOUND, readEnvelope, type ClientRequest } from './envelope.ts';
import type { GatewaySession } from './gateway.ts';
import { listTools } from './list-tools.ts';
import { sessionInfo } from './session-info.ts';
import { type GatewayParts, type SessionScope, userKeyOf } from './session-scope.ts';

const VERSIONS: readonly string[] = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'];
const INTERNAL_ERROR = -32603;
const BUSY = -32000;
/** Changes that come together are told together. */
const NOTICE_DELAY_MS = 20;
const INSTRUCTIONS =
  'These are the tools of your organisation’s MCP servers, through mcpgate; names are SERVER__TOOL. A result that starts with ' +
  '"[mcpgate denied]" is a decision of the administrators: tell the person what it says, do not work around it. One that starts with ' +
  '"[mcpgate]" says what to do.';

/** What the gateway may do with a session besides. */
export interface Session extends GatewaySession {
  readonly workspaceId: string;
  readonly userKey: string;
  /** Tells the client, once it has listed, that its list may differ. */
  listChanged(): void;
}

export function createSession(
  parts: GatewayParts,
  options: {
    principal: Principal;
    server?: string;
    send: (text: string) => void;
    onClosed: (session: Session) => void;
  },
): Session {
  const scope: SessionScope = {
    id: randomUUID(),
    principal: options.principal,
    only: options.server,
    client: { name: null, version: null },
  };
  const underWay = new Map<string, { controller: AbortController; method: string; over: Promise<void> }>();
  let hasListed = false;
  let cancelNotice: (() => void) | undefined;
  let closing: Promise<void> | undefined;

  function send(text: string): void {
    if (closing !== undefined) return;
    try {
      options.send(text);
    } catch (error) {
      // The way back is gone; whoever owns it closes the session.
      parts.log.warn({ err: error, session: scope.id }, 'a message could not be handed to its client');
    }
  }

  function listChanged(): void {
    if (!hasListed || cancelNotice !== undefined || closing !== undefined) return;
    cancelNotice = parts.clock.after(NOTICE_DELAY_MS, () => {
      cancelNotice = undefined;
      send(LIST_CHANGED);
    });
  }

  /** Runs a request that takes time; it can be cancelled until it is over. */
  function run(request: ClientRequest, task: (signal: AbortSignal) => Promise<string | undefined>): void {
    const { idText } = request;
    const key = idKey(request.id, idText);
    if (underWay.has(key)) {
      send(errorMessage(idText, errorObject(INVALID_REQUEST, `request ${idText} is still under way; use another id`)));
      return;
    }
    if (underWay.size >= parts.maxPending) {
      const message = `[mcpgate] ${parts.maxPending} requests of this session are under way; wait for some to end`;
      send(errorMessage(idText, errorObject(BUSY, message)));
      return;
    }
    const controller = new AbortController();
    const over = task(controller.signal).then(
      (answer) => {
        underWay.delete(key);
        if (answer !== undefined && !controller.signal.aborted) send(answer);
      },
      (error: unknown) => {
        underWay.delete(key);
        const failure = toGateError(error);
        if (failure.code === 'internal') parts.log.error({ err: error, method: request.method }, 'a request failed');
        const message = `[mcpgate] ${failure.message}`;
        if (!controller.signal.aborted) send(errorMessage(idText, errorObject(INTERNAL_ERROR, message)));
      },
    );
    underWay.set(key, { controller, method: request.method, over });
  }

  function onRequest(request: ClientRequest, text: string): void {
    const { method, idText } = request;
    switch (method) {
      case 'tools/call':
        run(request, (signal) => callTool(parts, scope, { request, text, signal, send }));
        return;
      case 'tools/list':
        hasListed = true;
        run(request, () => listTools(parts, scope, request, listChanged));
        return;
      case 'initialize':
        send(resultMessage(idText, initialize(request)));
        return;
      case 'ping':
        send(resultMessage(idText, '{}'));
        return;
      case 'mcpgate/session':
        run(request, async () => resultMessage(idText, await sessionInfo(parts, scope)));
        return;
      default:
        send(errorMessage(idText, errorObject(METHOD_NOT_FOUND, `mcpgate does not offer ${method.slice(0, 100)}`)));
    }
  }

  function initialize({ params }: ClientRequest): string {
    const client = isRecord(params['clientInfo']) ? params['clientInfo'] : {};
    scope.client = {
      name: stringOf(client['name'])?.slice(0, 200) ?? null,
      version: stringOf(client['version'])?.slice(0, 200) ?? null,
    };
    const asked = stringOf(params['protocolVersion']);
    return JSON.stringify({
      protocolVersion: asked !== undefined && VERSIONS.includes(asked) ? asked : '2025-11-25',
      capabilities: { tools: { listChanged: true } },
      serverInfo: { name: 'mcpgate', version: parts.brokerVersion },
      instructions: INSTRUCTIONS,
    });
  }

  function onCancelled(text: string): void {
    const params = findMember(scanObject(text, 0, ['params']).members, 'params');
    const id = findMember(params?.inner?.members ?? [], 'requestId');
    if (id === undefined) return;
    const idText = text.slice(id.start, id.end);
    underWay.get(idKey(JSON.parse(idText), idText))?.controller.abort();
  }

  function tooLarge(text: string): void {
    let idText = 'null';
    try {
      const id = findMember(scanObject(text).members, 'id');
      const written = id === undefined ? '' : text.slice(id.start, id.end);
      if (/^("[^"\\]*"|-?\d+)$/.test(written)) idText = written;
    } catch {
      // Not even an object: then there is no id to answer to.
    }
    const message = `[mcpgate] the message is longer than ${parts.maxMessageChars} characters; send less at once`;
    send(errorMessage(idText, errorObject(INVALID_REQUEST, message)));
  }

  const session: Session = {
    id: scope.id,
    workspaceId: scope.principal.workspaceId,
    userKey: userKeyOf(scope.principal),
    get pending() {
      return underWay.size;
    },
    listChanged,
    receive(text) {
      if (closing !== undefined) return;
      if (text.length > parts.maxMessageChars) {
        tooLarge(text);
        return;
      }
      const envelope = readEnvelope(text);
      if (envelope.kind === 'request') onRequest(envelope, text);
      else if (envelope.kind === 'invalid') {
        send(errorMessage(envelope.idText, errorObject(envelope.code, envelope.message)));
      } else if (envelope.kind === 'notification' && envelope.method === 'notifications/cancelled') onCancelled(text);
    },
    close(reason) {
      closing ??= (async () => {
        cancelNotice?.();
        const rest = [...underWay.values()];
        for (const { controller } of rest) controller.abort(reason);
        // Only calls are recorded; a list that waits for a slow server must not hold up a revocation.
        await Promise.all(rest.filter(({ method }) => method === 'tools/call').map(({ over }) => over));
        options.onClosed(session);
      })();
      return closing;
    },
  };
  return session;
}

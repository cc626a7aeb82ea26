// What upstream servers ask the AI client of a session: sent as requests of our own, matched with the client's answers.
import { requestText } from 'mcpgate-shared/mcp/rpc-text';
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { randomBytes } from 'node:crypto';
import { formatByteSize } from 'mcpgate-shared/byte-size';
import { findMember, onOneLine, scanObject, type JsonMember } from 'mcpgate-shared/mcp/json-span';
import { byteLengthOf, wholeText, type Pieces } from '../../../message/pieces.ts';
import { errorReply } from '../../reply.ts';
import { notOfferedByClient, withdrawn } from '../question-errors.ts';
import { createQuestionTokens } from './question-tokens.ts';
import type { Notice } from '../../request.ts';
import type { ServerQuestion, UpstreamReply } from '../../../upstreams/upstream.ts';

const MAX_OPEN = 64;
/** Of an answer of the client: it is handled as one text, which holds the loop for some milliseconds a megabyte. */
export const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

export interface ClientQuestions {
  /** Never rejects: what cannot be asked is an error reply. */
  ask(question: ServerQuestion): Promise<UpstreamReply>;
  /** A response of the client; false where nothing was asked under its id. */
  answered(text: string, pieces: Pieces | undefined): boolean;
  /** What the client says of how far it is: which server it is for, under the server's own token. Undefined: it is about no question. */
  progress(paramsText: string): { server: string; paramsText: string } | undefined;
  /** Nobody is there any more: every open question ends with an error. */
  close(): void;
}

/** `"error": null` beside a result is none. */
const notNull = (text: string, member: JsonMember | undefined): JsonMember | undefined =>
  member === undefined || text.slice(member.start, member.end) === 'null' ? undefined : member;

/** An id stands in the text, whatever was taken out of it. */
function idOf(text: string): string | undefined {
  const at = findMember(scanObject(text).members, 'id');
  const id: unknown = at === undefined ? undefined : JSON.parse(text.slice(at.start, at.end));
  return typeof id === 'string' ? id : undefined;
}

export function createClientQuestions(options: {
  /** Sends a request of our own. */
  put: (message: string) => void;
  tell: (notice: Notice) => void;
  /** Whether the client declared that it can answer this. */
  offers: (method: string) => boolean;
}): ClientQuestions {
  const open = new Map<string, (reply: UpstreamReply) => void>();
  const tokens = createQuestionTokens();
  // A client that moves to another session has questions of both for a while.
  const prefix = `mcpgate-${randomBytes(4).toString('hex')}`;
  let lastId = 0;
  let closed = false;

  return {
    ask({ method, paramsText, signal, server }) {
      if (closed || signal.aborted) return Promise.resolve(withdrawn());
      if (!options.offers(method)) {
        return Promise.resolve(notOfferedByClient(method));
      }
      if (open.size >= MAX_OPEN) {
        return Promise.resolve(
          errorReply(RPC_CODE.serverError, `${MAX_OPEN} questions to the AI client are open already`),
        );
      }
      const id = `${prefix}-${++lastId}`;
      return new Promise((resolve) => {
        const onAbort = () => {
          if (!open.delete(id)) return;
          tokens.over(id);
          options.tell({ method: 'notifications/cancelled', paramsText: JSON.stringify({ requestId: id }) });
          resolve(withdrawn());
        };
        open.set(id, (reply) => {
          signal.removeEventListener('abort', onAbort);
          resolve(reply);
        });
        signal.addEventListener('abort', onAbort, { once: true });
        const seen = tokens.take(id, server, paramsText);
        options.put(requestText(`"${id}"`, method, seen));
      });
    },
    answered(cut, pieces) {
      const key = idOf(cut);
      const resolve = key === undefined ? undefined : open.get(key);
      // What answers nothing is not put together.
      if (key === undefined || resolve === undefined) return false;
      open.delete(key);
      tokens.over(key);
      if (byteLengthOf(cut, pieces) > MAX_ANSWER_BYTES) {
        const why = `the AI client's answer is longer than ${formatByteSize(MAX_ANSWER_BYTES)}`;
        resolve(errorReply(RPC_CODE.serverError, why));
        return true;
      }
      const text = wholeText(cut, pieces);
      const { members } = scanObject(text);
      const error = notNull(text, findMember(members, 'error'));
      const member = error ?? findMember(members, 'result');
      const part = member === undefined ? '{}' : onOneLine(text.slice(member.start, member.end));
      resolve(error === undefined ? { kind: 'result', text: part, isToolError: false } : { kind: 'error', text: part });
      return true;
    },
    progress: (paramsText) => tokens.progress(paramsText),
    close() {
      closed = true;
      for (const resolve of open.values()) resolve(errorReply(RPC_CODE.cancelled, 'the AI client has gone'));
      open.clear();
    },
  };
}

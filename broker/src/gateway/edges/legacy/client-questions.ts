// Puts questions of servers to the AI client of a session: sends each as a request of mcpgate's own and finds the client's answer by its id.
import { requestText } from 'mcpgate-shared/mcp/rpc-text';
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { randomBytes } from 'node:crypto';
import { formatByteSize } from 'mcpgate-shared/byte-size';
import { findMember, onOneLine, scanObject, type JsonMember } from 'mcpgate-shared/mcp/json-span';
import { byteLengthOf, wholeText, type Pieces } from '../../../message/pieces.ts';
import { errorReply } from '../../reply.ts';
import { notOfferedByClient, withdrawn } from '../client-offers.ts';
import { createQuestionTokens } from './question-tokens.ts';
import type { Notice } from '../../request.ts';
import type { ServerQuestion, UpstreamReply } from '../../../upstreams/upstream.ts';

const MAX_OPEN = 64;
/** The longest answer of a client. It is handled as one string, which blocks the event loop for some milliseconds per megabyte. */
export const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

export interface ClientQuestions {
  /** Never rejects: a question that cannot be asked gets an error as its reply. */
  ask(question: ServerQuestion): Promise<UpstreamReply>;
  /** Handles a response of the client; false: no open question has its id. */
  answered(text: string, pieces: Pieces | undefined): boolean;
  /**
   * The server that a progress notification of the client is for, and its params with that server's token. Undefined: it is about no open
   * question.
   */
  progress(paramsText: string): { server: string; paramsText: string } | undefined;
  /** Ends every open question with an error, because the client has gone. */
  close(): void;
}

/** Treats `"error": null` beside a result as no error. */
const notNull = (text: string, member: JsonMember | undefined): JsonMember | undefined =>
  member === undefined || text.slice(member.start, member.end) === 'null' ? undefined : member;

/** The id of a response; it is never among the pieces. */
function idOf(text: string): string | undefined {
  const at = findMember(scanObject(text).members, 'id');
  const id: unknown = at === undefined ? undefined : JSON.parse(text.slice(at.start, at.end));
  return typeof id === 'string' ? id : undefined;
}

export function createClientQuestions(options: {
  /** Sends a request to the client. */
  put: (message: string) => void;
  tell: (notice: Notice) => void;
  /** Whether the client declared that it can answer this. */
  offers: (method: string) => boolean;
}): ClientQuestions {
  const open = new Map<string, (reply: UpstreamReply) => void>();
  const tokens = createQuestionTokens();
  // The prefix differs by session: a client that changes sessions has questions of both for a while.
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
      // A response that answers no question is not assembled from its pieces.
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

// Replaces the progress tokens in questions of servers. Two servers may use the same token, so the client gets one of mcpgate's instead, and its
// progress notifications go to the one server that asked, under that server's token.
import { findMember, scanObject } from 'mcpgate-shared/mcp/json-span';

export interface QuestionTokens {
  /** Returns the params of the question `id` with its token, if any, replaced. */
  take(id: string, server: string, paramsText: string): string;
  /** The question was answered or withdrawn: forgets its token, unless it runs on as a task (MCP 2025-11-25, "Task Progress"). */
  over(id: string): void;
  /** The server that a progress notification is for, and the params with the server's token; undefined: the token is not known. */
  progress(paramsText: string): { server: string; paramsText: string } | undefined;
}

/** How many tokens of tasks are kept; the oldest are forgotten first. */
const MAX_KEPT = 256;

interface Taken {
  server: string;
  /** The server's own token, as JSON text. */
  tokenText: string;
  isTask: boolean;
}

export function createQuestionTokens(): QuestionTokens {
  const taken = new Map<string, Taken>();
  return {
    take(id, server, paramsText) {
      if (!paramsText.startsWith('{')) return paramsText;
      const { members } = scanObject(paramsText, 0, ['_meta']);
      const meta = findMember(members, '_meta')?.inner;
      const at = findMember(meta?.members ?? [], 'progressToken');
      if (at === undefined) return paramsText;
      const isTask = findMember(members, 'task') !== undefined;
      taken.set(id, { server, tokenText: paramsText.slice(at.start, at.end), isTask });
      const [oldest] = taken.keys();
      if (taken.size > MAX_KEPT && oldest !== undefined) taken.delete(oldest);
      return paramsText.slice(0, at.start) + JSON.stringify(id) + paramsText.slice(at.end);
    },
    over(id) {
      if (taken.get(id)?.isTask === false) taken.delete(id);
    },
    progress(paramsText) {
      if (!paramsText.startsWith('{')) return undefined;
      const at = findMember(scanObject(paramsText).members, 'progressToken');
      const token: unknown = at === undefined ? undefined : JSON.parse(paramsText.slice(at.start, at.end));
      const found = typeof token === 'string' ? taken.get(token) : undefined;
      if (at === undefined || found === undefined) return undefined;
      return {
        server: found.server,
        paramsText: paramsText.slice(0, at.start) + found.tokenText + paramsText.slice(at.end),
      };
    },
  };
}

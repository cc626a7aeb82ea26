// Progress tokens of what servers ask the client: each server counts its own, so the client sees one of mcpgate's in their place, and what
// it says under it goes to the one server that asked.
import { findMember, scanObject } from 'mcpgate-shared/mcp/json-span';

export interface QuestionTokens {
  /** The params of the question `id`, with its token replaced where it has one. */
  take(id: string, server: string, paramsText: string): string;
  /** The question was answered or withdrawn. One that is done as a task goes on (2025-11-25, "Task Progress"). */
  over(id: string): void;
  progress(paramsText: string): { server: string; paramsText: string } | undefined;
}

/** Of tasks; the oldest are forgotten first. */
const MAX_KEPT = 256;

interface Taken {
  server: string;
  /** As the server wrote it. */
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

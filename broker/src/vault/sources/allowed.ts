// How the configuration says what may be read: texts, and beginnings of texts.
import { DEFAULT_WORKSPACE } from '../../domain/workspace.ts';

const WORKSPACE = '{workspace}';

/** A `*` at the end of the pattern stands for any ending. */
export function isLike(text: string, pattern: string): boolean {
  return pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern;
}

/** The patterns that count for a workspace: those without `{workspace}` are for the first one alone. */
export function patternsFor(workspaceId: string, patterns: readonly string[]): string[] {
  return patterns
    .filter((pattern) => workspaceId === DEFAULT_WORKSPACE || pattern.includes(WORKSPACE))
    .map((pattern) => pattern.replaceAll(WORKSPACE, workspaceId));
}

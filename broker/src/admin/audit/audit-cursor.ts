// Where a search of the log goes on, as a text that nobody but the broker reads.
import { GateError } from 'mcpgate-shared/error';
import type { FoundCursor } from '../../audit/audit.ts';

export function cursorText(cursor: FoundCursor | undefined): string | undefined {
  return cursor && `${cursor.byEnd ? 'e' : 'b'}${cursor.at.toString(36)}.${cursor.position.toString(36)}`;
}

/** Throws `usage` for a text that is no cursor. */
export function readCursor(text: string): FoundCursor {
  const [, by, atText = '', positionText = ''] = /^([be])([0-9a-z]+)\.([0-9a-z]+)$/.exec(text) ?? [];
  const [at, position] = [Number.parseInt(atText, 36), Number.parseInt(positionText, 36)];
  if (Number.isSafeInteger(at) && Number.isSafeInteger(position)) return { at, position, byEnd: by === 'e' };
  throw new GateError('usage', 'cursor: it is none that a page of this log ended with');
}

// `env:X`, `file:/p`, `vault:PATH#KEY`, `command:…`: what `secret set --from` takes.
import { GateError } from 'mcpgate-shared/error';
import type { SourceKind } from './source.ts';

const KINDS: readonly SourceKind[] = ['env', 'file', 'vault', 'command'];

/** Whether what is said of where a value comes from is a source. */
export const isReference = (text: string): boolean => KINDS.some((kind) => text.startsWith(`${kind}:`));

/** Throws `usage`. */
export function parseReference(reference: string): { kind: SourceKind; text: string } {
  const colon = reference.indexOf(':');
  const kind = KINDS.find((each) => each === reference.slice(0, colon));
  const text = reference.slice(colon + 1);
  if (kind !== undefined && text.trim() !== '') return { kind, text };
  const shown = JSON.stringify(reference.slice(0, 100));
  throw new GateError(
    'usage',
    `${shown} names no source: write env:NAME, file:/PATH, vault:PATH#KEY or command:PROGRAM ARGUMENTS`,
  );
}

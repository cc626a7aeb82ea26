// What to say where the keys at hand do not open the whole store: one line, with what to put where.
import type { DataKeyRow, MasterKeyRow } from '../store/keyring.ts';
import type { KeyInFile } from './key-files.ts';

/** What the store and the files say. */
export interface KeysAtHand {
  current: MasterKeyRow;
  /** A rotation towards it is under way. */
  next: MasterKeyRow | undefined;
  retired: readonly MasterKeyRow[];
  dataKeys: readonly DataKeyRow[];
  /** The key in the file of the configuration. */
  main: KeyInFile & { problem?: string };
  /** All master keys at hand, by id. */
  held: ReadonlyMap<string, KeyInFile>;
}

/** Undefined where everything opens, and goes on opening after a restart. */
export function whatIsWrong(
  keys: KeysAtHand & {
    file: string;
    beside: readonly (KeyInFile & { path: string })[];
    isOpen: (dataKeyId: string) => boolean;
  },
): string | undefined {
  const { current, next, main, dataKeys, file } = keys;
  const elsewhere = keys.beside.find(({ id, path }) => id === current.id && path !== file);
  const right = `put the file of the key ${current.id} there${elsewhere === undefined ? '' : ` (${elsewhere.path} holds it)`}`;
  const before = keys.retired.find(({ id }) => id === main.id);
  if (before !== undefined)
    return `the master key ${file} is the one from before the rotation of ${new Date(before.retiredAt ?? 0).toISOString()}: ${right}; nothing is lost`;
  if (main.id !== current.id && main.id !== next?.id)
    return `the master key ${file} is not the one this database was sealed with (it is ${main.id}): ${right}`;
  const closed = dataKeys.filter(({ id }) => !keys.isOpen(id));
  if (closed.length === 0) return undefined;
  const isForeign = closed.some(({ wrapped }) => [...wrapped.keys()].every((id) => !keys.held.has(id)));
  if (main.id === next?.id && isForeign)
    return `${closed.length} of ${dataKeys.length} data keys are not sealed by the new master key in ${file} yet: ${right} until \`mcpgate-broker key rotate\` is done; nothing is lost`;
  const ids = closed.map(({ id }) => id).join(', ');
  if (isForeign)
    return `${closed.length} of ${dataKeys.length} data keys (${ids}) are sealed by no master key that is here: ${right}`;
  return `${closed.length} of ${dataKeys.length} data keys (${ids}) cannot be opened with ${file}: their stored form was changed; restore the database from a backup`;
}

// What would change in a client's file, as `diff -u` prints it.
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';
import { maskSecrets } from './mask-secrets.ts';

/** The change of a client's file as `diff -u` prints it, with secrets of other programs masked. Null: there is no file. */
export function unifiedDiff(path: string, before: string | null, after: string | null): string {
  const name = (text: string | null): string => (text === null ? '/dev/null' : path);
  const patch = createTwoFilesPatch(name(before), name(after), before ?? '', after ?? '', undefined, undefined, {
    context: 3,
    headerOptions: FILE_HEADERS_ONLY,
  });
  return maskSecrets(patch);
}

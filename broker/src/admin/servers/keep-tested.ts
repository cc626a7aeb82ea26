// What a test of a server has seen is kept at once: where nothing was seen of it before, it is what changes are compared with.
import type { ServerRecord } from '../../domain/server-record.ts';
import type { ListKind } from '../../mcp/list-kind.ts';
import type { TestReport, TestStep } from '../../upstreams/upstream.ts';
import { definitionWarnings } from '../definition-operations.ts';
import type { AdminDependencies } from '../dependencies.ts';

const KINDS: readonly ListKind[] = ['tools', 'prompts', 'templates'];

/** A step that says what a person should look at; none where there is nothing. Throws `unavailable` where what was seen cannot be kept. */
export async function keepTested(
  { definitions, store }: Pick<AdminDependencies, 'definitions' | 'store'>,
  record: ServerRecord,
  userKey: string | null,
  seen: TestReport['seen'],
): Promise<TestStep[]> {
  // Of accounts each of which may see something else, nobody's is everybody's.
  if (seen === null || (record.credential === 'personal' && userKey === null)) return [];
  const since = performance.now();
  for (const kind of KINDS) {
    const list = seen.lists.get(kind);
    if (list !== undefined) await definitions.review(record, kind, { userKey }, list);
  }
  await definitions.instructions(record, { userKey }, seen.instructions);
  const warnings = await definitionWarnings(store, record.workspaceId, record);
  if (warnings.length === 0) return [];
  const ms = Math.round((performance.now() - since) * 10) / 10;
  const texts = warnings.map(({ text }) => text);
  return [
    { step: 'definitions', ok: true, detail: 'compared with what was seen first', ms, next: null, warnings: texts },
  ];
}

// Which lists a server is asked for: those that it declares. Of one that declares none at all nothing is certain; tools it may always have.
import { isRecord, type JsonRecord } from '../../mcp/json-rpc-guard.ts';
import { LISTS } from './list-pages.ts';
import type { ListKind } from '../../mcp/list-kind.ts';

export function offerOf(capabilities: JsonRecord, kind: ListKind): 'yes' | 'no' | 'unsure' {
  if (isRecord(capabilities[LISTS[kind].capability])) return 'yes';
  const declaresAny = Object.values(LISTS).some(({ capability }) => isRecord(capabilities[capability]));
  return kind === 'tools' || !declaresAny ? 'unsure' : 'no';
}

// What an AI client of before 2026-07-28 can be asked, by what it declared in its handshake.
import { isRecord, type JsonRecord } from '../../mcp/json-rpc-guard.ts';

/** Whether a request of this method may be put to it. */
export function clientOffers(capabilities: JsonRecord, method: string): boolean {
  const [area = '', verb = ''] = method.split('/', 2);
  const declared = capabilities[area];
  if (!isRecord(declared)) return false;
  return method === 'tasks/list' || method === 'tasks/cancel' ? isRecord(declared[verb]) : true;
}

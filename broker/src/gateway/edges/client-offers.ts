// Which questions of servers an AI client can answer, by the capabilities that it declared.
import { isRecord, type JsonRecord } from '../../mcp/json-rpc-guard.ts';

/** Whether the client can answer a question with this method, such as `sampling/createMessage`. */
export function clientOffers(capabilities: JsonRecord, method: string): boolean {
  const [area = '', verb = ''] = method.split('/', 2);
  const declared = capabilities[area];
  if (!isRecord(declared)) return false;
  return method === 'tasks/list' || method === 'tasks/cancel' ? isRecord(declared[verb]) : true;
}

// Which questions of servers an AI client can answer, by the capabilities that it declared, and the errors that servers get in place of an answer.
import { isRecord, type JsonRecord } from '../../mcp/json-rpc-guard.ts';
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { type Answer, errorReply } from '../reply.ts';

/** Whether the client can answer a question with this method, such as `sampling/createMessage`. */
export function clientOffers(capabilities: JsonRecord, method: string): boolean {
  const [area = '', verb = ''] = method.split('/', 2);
  const declared = capabilities[area];
  if (!isRecord(declared)) return false;
  return method === 'tasks/list' || method === 'tasks/cancel' ? isRecord(declared[verb]) : true;
}

type Refusal = Answer & { kind: 'error' };

export const withdrawn = (): Refusal => errorReply(RPC_CODE.cancelled, 'the question was withdrawn');

export const notOfferedByClient = (method: string): Refusal =>
  errorReply(RPC_CODE.methodNotFound, `the AI client does not offer ${method}`);

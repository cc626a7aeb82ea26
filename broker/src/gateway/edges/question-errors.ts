// Errors that a server gets when the AI client does not answer its question, in both generations of MCP.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { errorReply, type Answer } from '../reply.ts';

type Refusal = Answer & { kind: 'error' };

export const withdrawn = (): Refusal => errorReply(RPC_CODE.cancelled, 'the question was withdrawn');

export const notOfferedByClient = (method: string): Refusal =>
  errorReply(RPC_CODE.methodNotFound, `the AI client does not offer ${method}`);

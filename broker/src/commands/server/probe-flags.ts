// The flags by which `server set` names the tool that tells whether a credential is taken.
import { isRecord } from '../../mcp/json-rpc-guard.ts';
import { GateError } from 'mcpgate-shared/error';

export interface ProbeFlags {
  probe?: string;
  noProbe?: true;
  probeArgs?: string;
}

/** Undefined where the flags say nothing, null for none. Throws `usage`. */
export function probeOf({
  probe,
  noProbe,
  probeArgs,
}: ProbeFlags): { tool: string; arguments: Record<string, unknown> } | null | undefined {
  if (probe === undefined) {
    if (probeArgs !== undefined) throw new GateError('usage', '--probe-args is for the call of --probe TOOL');
    return noProbe === true ? null : undefined;
  }
  return { tool: probe, arguments: probeArgs === undefined ? {} : argumentsOf(probeArgs) };
}

function argumentsOf(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (isRecord(value)) return { ...value };
  throw new GateError('usage', `--probe-args: write a JSON object, as '{"limit":1}'`);
}

// The one call that tells whether a service takes a credential: of the read-only tool that the server's record names.
import { GateError } from 'mcpgate-shared/error';
import type { Probe, ServerRecord } from '../../domain/server-record.ts';
import { inWorkspace } from '../../domain/workspace.ts';
import { isRecord, parseRecord, type JsonRecord } from '../../mcp/json-rpc-guard.ts';
import { didYouMean } from 'mcpgate-shared/nearest';
import { quoteForeign } from '../../mcp/quote-foreign.ts';
import type { McpSession } from '../session/mcp-session.ts';
import type { ListedItem, UpstreamReply } from '../upstream.ts';

/** The service answered, and with an error: it has looked at the call, and so at the credential. */
export class ProbeRefused extends GateError {}

/** Why nothing is called that says of itself that it changes something. Throws `config`. */
function assertReadOnly({ tool, onlyIfReadOnly }: Probe, tools: readonly ListedItem[]): void {
  const item = tools.find(({ key }) => key === tool);
  if (item === undefined) {
    const names = tools.slice(0, 5).map(({ key }) => key);
    const has = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}${tools.length > 5 ? ', …' : ''}`;
    throw new GateError('config', `there is no tool ${tool} to probe it with; ${has}`);
  }
  const annotations = annotationsOf(item);
  if (annotations?.['readOnlyHint'] === false || annotations?.['destructiveHint'] === true)
    throw new GateError('config', `the tool ${tool} says of itself that it changes something, so it is no probe`);
  if (onlyIfReadOnly === true && annotations?.['readOnlyHint'] !== true)
    throw new GateError(
      'config',
      `the tool ${tool} does not say of itself that it is read-only, so that an administrator must name it as the probe (--no-probe first)`,
    );
}

/** What speaks against a tool as a probe, as far as it can be seen in a list; null: nothing. */
export function probeDoubt(tool: string, tools: readonly ListedItem[]): string | null {
  const item = tools.find(({ key }) => key === tool);
  if (item === undefined) {
    const keys = tools.map(({ key }) => key);
    return `it lists no tool ${tool}${didYouMean(tool, keys)}`;
  }
  if (annotationsOf(item)?.['readOnlyHint'] === true) return null;
  return `the tool ${tool} does not say of itself that it is read-only, and every test calls it: see that it changes nothing`;
}

/** Calls it once. What the service answered, in a line. Throws `ProbeRefused`, and what the connection throws. */
export async function callProbe(
  session: McpSession,
  probe: Probe,
  options: { tools: readonly ListedItem[]; signal: AbortSignal; mask: (text: string) => string },
): Promise<string> {
  assertReadOnly(probe, options.tools);
  const paramsText = JSON.stringify({ name: probe.tool, arguments: probe.arguments });
  const reply = await session.request({ method: 'tools/call', paramsText, signal: options.signal });
  const said = quoteForeign(options.mask(textOf(reply)));
  if (reply.kind === 'error' || reply.isToolError)
    throw new ProbeRefused('upstream', `its tool ${probe.tool} answered with an error: ${said}`);
  return `its tool ${probe.tool} answered`;
}

/** What to type so that the next test knows: with a tool that seems made for it, where there is one. */
export function namingAProbe({ name, workspaceId }: ServerRecord, tools: readonly ListedItem[]): string {
  const fit = tools.filter(isHarmless).map(({ key }) => key);
  const tool = fit.find((key) => OF_THE_CALLER.test(key)) ?? fit[0] ?? 'TOOL';
  return `mcpgate-broker server set ${name} --probe ${tool}${inWorkspace(workspaceId)}`;
}

const OF_THE_CALLER = /who_?am_?i|(?:^|[_-])(?:me|self)$|current|profile|account/i;

/** It is read-only, and can be called as it is. */
function isHarmless(item: ListedItem): boolean {
  const schema = parseRecord(item.text)?.['inputSchema'];
  const required = isRecord(schema) ? schema['required'] : undefined;
  const isFree = required === undefined || (Array.isArray(required) && required.length === 0);
  return isFree && annotationsOf(item)?.['readOnlyHint'] === true;
}

function annotationsOf({ text }: ListedItem): JsonRecord | undefined {
  const annotations = parseRecord(text)?.['annotations'];
  return isRecord(annotations) ? annotations : undefined;
}

function textOf({ kind, text }: UpstreamReply): string {
  const answer = parseRecord(text);
  if (kind === 'error') return typeof answer?.['message'] === 'string' ? answer['message'] : text;
  const content: unknown = answer?.['content'];
  if (!Array.isArray(content)) return text;
  return content
    .flatMap((each: unknown) => (isRecord(each) && typeof each['text'] === 'string' ? each['text'] : []))
    .join(' ');
}

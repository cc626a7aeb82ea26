// `mcpgate install-clients --propose`: offers the servers that only this laptop has to the administrators, by their commands and the names of
// what they need.
import { type ProposalForm, ProposedSchema } from 'mcpgate-shared/api/laptops/proposals';
import { GateError } from 'mcpgate-shared/error';
import { OWN_METHODS } from 'mcpgate-shared/mcp/own-methods';
import { namedValuesOf, runsOf } from 'mcpgate-shared/values/record-outline';
import { proposalOf } from '../../clients/tokens/proposal-of.ts';
import { surveyTokens } from '../../clients/tokens/survey.ts';
import type { CliContext } from '../../context.ts';
import type { McpSession } from '../tools/mcp-session.ts';
import type { Wanted } from './clean-tokens.ts';
import { askBroker } from './ask-broker.ts';

/** What could be offered: every entry that the broker has no server for, each once. */
export async function proposals(
  context: CliContext,
  session: McpSession,
  { isWanted, projectFiles }: Wanted,
): Promise<ProposalForm[]> {
  const { entries } = await surveyTokens(context, { all: true, projectFiles });
  const asked = await askBroker(session, entries, { signal: context.interrupted, projectFiles });
  const forms = asked.flatMap(({ entry, server }) => {
    if (server !== null || !isWanted(entry.file)) return [];
    return proposalOf(entry.name, entry.value) ?? [];
  });
  return [...new Map(forms.map((form) => [JSON.stringify(form), form])).values()];
}

export async function propose(
  form: ProposalForm,
  session: McpSession,
  signal: AbortSignal,
): Promise<{ id: string; state: 'open' | 'accepted' | 'declined' }> {
  const { result } = await session.request(OWN_METHODS.serversPropose, { ...form }, { signal });
  const checked = ProposedSchema.safeParse(result);
  if (checked.success) return checked.data;
  throw new GateError('protocol', 'the broker answered a proposal in an unknown way');
}

/** All that is sent of it. */
export function proposalText({ name, transport }: ProposalForm): string {
  const needs = Object.entries(namedValuesOf(transport)).map(([key, value]) =>
    value === '' ? key : `${key}=${value}`,
  );
  return `${name}: ${runsOf(transport)}${needs.length === 0 ? '' : `; needs ${needs.join(', ')}`}`;
}

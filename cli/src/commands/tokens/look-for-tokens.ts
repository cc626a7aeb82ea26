// The tokens in the files of AI clients, with what the broker says of them where it can be asked. Loaded on demand: the rules weigh more than a
// command.
import { GateError } from 'mcpgate-shared/error';
import { type ClientFile, type Survey, surveyTokens } from '../../clients/tokens/survey.ts';
import type { CliContext } from '../../context.ts';
import type { McpSession } from '../tools/mcp-session.ts';
import { type AskedEntry, askBroker, unasked } from './ask-broker.ts';

export interface TokenFindings extends Omit<Survey, 'entries'> {
  readonly entries: readonly AskedEntry[];
  /** Why the broker was not asked; null where it was. */
  readonly unasked: string | null;
}

/** Without a session nobody is asked. */
export async function lookForTokens(
  context: Pick<CliContext, 'env' | 'platform' | 'homedir' | 'configDir' | 'now' | 'interrupted'>,
  session: McpSession | undefined,
  projectFiles: readonly ClientFile[] = [],
): Promise<TokenFindings> {
  const survey = await surveyTokens(context, { projectFiles });
  if (session === undefined) return { ...survey, entries: survey.entries.map(unasked), unasked: 'not connected' };
  try {
    const options = { signal: context.interrupted, projectFiles };
    return { ...survey, entries: await askBroker(session, survey.entries, options), unasked: null };
  } catch (error) {
    if (!(error instanceof GateError) || error.code === 'cancelled' || error.code === 'internal') throw error;
    return { ...survey, entries: survey.entries.map(unasked), unasked: error.message };
  }
}

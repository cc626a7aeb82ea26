// `mcpgate install-clients --clean-tokens`: takes those entries out of AI clients' files in which tokens stand in clear, and whose servers the broker
// has. What is taken out is shown first, and kept in a backup that only this person can read.
import { GateError, toGateError } from 'mcpgate-shared/error';
import { OWN_METHODS } from 'mcpgate-shared/mcp/own-methods';
import { takeOutOthers } from '../../clients/change-client.ts';
import type { Client } from '../../clients/client.ts';
import { unifiedDiff } from '../../clients/files/unified-diff.ts';
import { createLedger } from '../../clients/ledger.ts';
import type { ClientFile } from '../../clients/tokens/survey.ts';
import { listClients } from '../../clients/list-clients.ts';
import type { CliContext } from '../../context.ts';
import type { McpSession } from '../tools/mcp-session.ts';
import type { Outcome } from '../clients/render-client-outcome.ts';
import { parseSessionInfo, type SessionInfo } from '../tools/session-info.ts';
import { type AskedEntry, isUsable } from './ask-broker.ts';
import { lookForTokens } from './look-for-tokens.ts';
import { entryText, tokenText, tokenViews } from './token-view.ts';

/** What would be done to one file. */
export interface CleaningPlan {
  readonly client: Client;
  readonly file: string;
  readonly takes: readonly AskedEntry[];
  /** Entries that stay, each with the reason. */
  readonly leaves: readonly { asked: AskedEntry; why: string }[];
}

/** Which files are meant. */
export interface Wanted {
  isWanted(file: string): boolean;
  projectFiles: readonly ClientFile[];
}

/** Throws what the broker says where it cannot be asked: without its word nothing is taken out. */
export async function planCleaning(
  context: CliContext,
  session: McpSession,
  { isWanted, projectFiles }: Wanted,
): Promise<CleaningPlan[]> {
  const { entries, unasked } = await lookForTokens(context, session, projectFiles);
  if (unasked !== null) throw new GateError('upstream', `the broker could not be asked about the tokens: ${unasked}`);
  const { result } = await session.request(OWN_METHODS.session, {}, { signal: context.interrupted });
  const { servers } = parseSessionInfo(result);
  const clients = await listClients(context);
  const whyNot = ({ entry, server }: AskedEntry): string | null => {
    if (server === null) return 'the broker has no such server: `mcpgate install-clients --propose` offers it';
    const unusable = whyUnusable(server, servers);
    if (unusable !== null)
      return `mcpgate has ${server}, but ${unusable}; without this entry you would lose what works now`;
    const isSetUp = clients.find(({ name }) => name === entry.client.name)?.configured === true;
    return isSetUp
      ? null
      : `${entry.client.title} does not use mcpgate yet: \`mcpgate install-clients ${entry.client.name}\``;
  };
  const wanted = entries.filter(({ entry }) => isWanted(entry.file));
  return [...Map.groupBy(wanted, ({ entry }) => entry.file)].flatMap(([file, asked]) => {
    const [first] = asked;
    if (first === undefined) return [];
    const judged = asked.map((each) => ({ asked: each, why: whyNot(each) }));
    const takes = judged.flatMap(({ asked: each, why }) => (why === null ? [each] : []));
    const leaves = judged.flatMap(({ asked: each, why }) => (why === null ? [] : [{ asked: each, why }]));
    return [{ client: first.entry.client, file, takes, leaves }];
  });
}

/** Null where the person can use the server through mcpgate now. */
function whyUnusable(server: string, servers: SessionInfo['servers']): string | null {
  const found = servers.find(({ name }) => name === server);
  if (found === undefined) return 'the rules let you use none of its tools';
  if (isUsable(found)) return null;
  if (found.state === 'account_needed') return `your account there is not connected: \`mcpgate connect ${server}\``;
  return `it does not work now (${found.message ?? 'it lists no tool'})`;
}

/** Carries one plan out; on a dry run only what would change. */
export async function clean(
  { client, file, takes, leaves }: CleaningPlan,
  context: CliContext,
  { isDryRun, isProject }: { isDryRun: boolean; isProject: boolean },
): Promise<Outcome> {
  const ledger = createLedger(context.configDir, context.now);
  const holds = takes.flatMap((asked) => tokenViews(asked).map((view) => `${entryText(view)}: ${view.from}`));
  const all = [...takes, ...leaves.map(({ asked }) => asked)];
  const values = all.flatMap(({ entry }) => entry.secrets.map(({ value }) => value));
  const entries = takes.map(({ entry: { path, value } }) => ({ path, value }));
  const none = { client, path: file, changed: false, backup: null, error: null };
  try {
    const change = { ledger, isDryRun, mayAskClient: !isProject, deps: context };
    const { action, changed, backup, before, after } = await takeOutOthers(client, file, entries, holds, change);
    return {
      ...none,
      action,
      changed,
      backup,
      ...(isDryRun ? { diff: before === after ? '' : unifiedDiff(file, before, after, values) } : {}),
      ...(backup === null ? {} : { note: `the backup holds ${holds.join('; ')}: delete it once they are replaced` }),
    };
  } catch (error) {
    return { ...none, action: 'failed', error: toGateError(error).message };
  }
}

/** What a plan says to a person: what goes, what stays and why. */
export function planLines({ client, file, takes, leaves }: CleaningPlan): string[] {
  const line = (asked: AskedEntry): string => {
    const views = tokenViews(asked);
    const [first] = views;
    return `${first === undefined ? asked.entry.name : entryText(first)}: ${views.map(tokenText).join('; ')}`;
  };
  return [
    `${client.title} · ${file}`,
    ...takes.map((asked) => `  - ${line(asked)}; mcpgate has ${asked.server}`),
    ...leaves.map(({ asked, why }) => `  = ${line(asked)}; it stays: ${why}`),
  ];
}

/** What has to be replaced at the broker, since it was readable here, by name. */
export function liveSecrets(plans: readonly CleaningPlan[]): string[] {
  const all = plans.flatMap(({ takes }) => takes.flatMap(({ known }) => [...known.values()]));
  return [...new Set(all.flatMap(({ name, current }) => (current && name !== null ? [name] : [])))];
}

// `server proposals`, `server accept`, `server decline`: the servers that people propose from their laptops.
import type { Command } from 'commander';
import { proposalsApi } from 'mcpgate-shared/api/laptops/proposals';
import { plainLine } from 'mcpgate-shared/plain-line';
import { shortened } from 'mcpgate-shared/text-width';
import { namedValuesOf, runsOf } from 'mcpgate-shared/values/record-outline';
import { adminOptions, withSession, type AdminOptions, type AdminSession } from '../session/admin-session.ts';
import type { CommandContext } from '../context.ts';
import { ago } from '../terminal/table.ts';

/** A proposal may be longer than a table is read; `--json`, and `server show` of one that is accepted, have all of it. */
const MAX_COLUMN = 100;

/** Adds the three to the command `server`. */
export function addProposalCommands(server: Command, context: CommandContext): void {
  adminOptions(server.command('proposals').description('servers that people propose from their laptops'))
    .option('--all', 'those that were accepted or declined, too')
    .action(
      async (options: AdminOptions & { all?: boolean }) =>
        await withSession(context, options, (session) => listProposals(session, options.all === true)),
    );
  adminOptions(
    server.command('accept <id>').description('add a proposed server, switched off until its secrets are set'),
  )
    .option('--name <name>', 'under another name')
    .action(
      async (id: string, options: AdminOptions & { name?: string }) =>
        await withSession(context, options, (session) => acceptProposal(session, id, options.name)),
    );
  adminOptions(server.command('decline <id>').description('decline what is proposed')).action(
    async (id: string, options: AdminOptions) =>
      await withSession(context, options, async ({ api, show }) => {
        const proposal = await api.call(proposalsApi.decline, { params: { id } });
        show(proposal, `declined: ${proposal.name}, proposed by ${proposal.people.join(', ')}`);
      }),
  );
}

async function listProposals({ api, list, context }: AdminSession, all: boolean): Promise<void> {
  const proposals = await api.call(proposalsApi.list, { query: { all: all ? 'true' : 'false' } });
  const row = (index: number): string[] => {
    const proposal = proposals[index];
    if (proposal === undefined) return [];
    const { id, name, transport, people, state } = proposal;
    return [
      id,
      name,
      shortened(plainLine(runsOf(transport)), MAX_COLUMN),
      shortened(Object.keys(namedValuesOf(transport)).join(', '), MAX_COLUMN) || '-',
      shortened(people.join(', '), MAX_COLUMN),
      state === 'open' ? ago(proposal.created_at, context.now()) : state,
    ];
  };
  const none = 'nothing is proposed; people propose servers with `mcpgate install-clients --propose`';
  list(proposals, ['ID', 'NAME', 'RUNS', 'NEEDS', 'PEOPLE', 'SINCE'], row, none);
}

async function acceptProposal({ api, show, inside }: AdminSession, id: string, name?: string): Promise<void> {
  const body = name === undefined ? {} : { name };
  const accepted = await api.call(proposalsApi.accept, { params: { id }, body });
  const { server, unset, missing } = accepted;
  const lines = [
    `added ${server}, switched off: ${plainLine(runsOf(accepted.proposal.transport))}`,
    ...missing.map((what) => `  ! ${plainLine(what)} stayed on the laptop: write it into the record`),
    ...unset.map((secret) => `  set its secret: mcpgate-broker secret set ${secret}${inside}`),
    `next: mcpgate-broker server enable ${server}${inside}, then mcpgate-broker server test ${server}${inside}`,
  ];
  show(accepted, lines.join('\n'));
}

// Servers that people propose from their laptops. One that is accepted is added switched off: what it needs is set first, and whoever does that
// has seen what it starts. No secret that there is goes to it: whoever proposes chooses where it is, and the broker what its secrets are called.
import { DEFAULT_DEFINITION_POLICY } from '../../domain/definition.ts';
import { type Proposal as ShownProposal, proposalsApi, WITHHELD } from 'mcpgate-shared/api/laptops/proposals';
import { freeSecretName } from 'mcpgate-shared/entries/secret-extraction';
import { GateError } from 'mcpgate-shared/error';
import { namedValuesOf, unnamedTextsOf, withNamedValues } from 'mcpgate-shared/values/record-outline';
import { mapTexts } from 'mcpgate-shared/values/record-texts';
import { fillReferences, secretReference } from 'mcpgate-shared/values/secret-reference';
import { secretNamesIn } from '../../domain/transports/transport-texts.ts';
import { readTransport, type Transport } from '../../domain/transports/transports.ts';
import { inWorkspace } from '../../domain/workspace.ts';
import type { Proposal } from '../../store/repositories/servers/proposals.ts';
import { takenSecretNames } from './add-server.ts';
import { NO_TOOL_CLASSES } from '../../domain/server-record.ts';
import type { AdminDependencies } from '../dependencies.ts';
import { isoTime, isoTimeOrNull } from '../iso-time.ts';
import { InTimeSchema, longListOperation } from '../lists/list-operation.ts';
import { eventBy, type Caller, operation, type Operation } from '../operation.ts';
import { assertRecordFits } from './record-refusals.ts';
import { changeNotes } from '../../domain/change-notes.ts';
import { recordNotes } from './record-changes.ts';

export function proposalOperations({
  store,
  vault,
  audit,
  upstreams,
  allowedCommands,
}: Pick<AdminDependencies, 'store' | 'vault' | 'audit' | 'upstreams' | 'allowedCommands'>): Operation[] {
  async function decide(
    caller: Caller,
    id: string,
    state: 'accepted' | 'declined',
    server?: string,
  ): Promise<Proposal> {
    const { workspaceId, actor } = caller;
    const decided = await store.proposals.decide(workspaceId, id, state, actor.name);
    if (decided === undefined) throw notOpen(id, workspaceId);
    await audit.event(
      eventBy(
        { workspaceId, actor },
        {
          type: `proposal.${state}`,
          subject: `proposal:${id}`,
          data: {
            ...{ name: decided.name, people: [...decided.people], ...(server === undefined ? {} : { server }) },
            ...changeNotes({ state: 'open' }, { state }),
          },
        },
      ),
    );
    return decided;
  }

  return [
    longListOperation(
      proposalsApi.list,
      InTimeSchema,
      ({ query }, { workspaceId }) =>
        async (part) =>
          (await store.proposals.list(workspaceId, { all: query.all === 'true' }, part)).map((each) => ({
            item: shown(each),
            place: { at: each.createdAt, id: each.id },
          })),
    ),
    operation(proposalsApi.accept, async ({ params: { id }, body }, caller) => {
      const { workspaceId, actor } = caller;
      const open = await store.proposals.findOpen(workspaceId, id);
      if (open === undefined) throw notOpen(id, workspaceId);
      const name = body.name ?? open.name;
      const { transport: offered, missing } = recordOf(open);
      const transport = withOwnSecrets(name, offered, await takenSecretNames({ store, vault }, workspaceId));
      const unset = secretNamesIn(transport);
      const fields = {
        transport,
        isolation: 'shared',
        credential: 'shared',
        account: null,
        trustAnnotations: false,
        toolClasses: NO_TOOL_CLASSES,
        probe: null,
        definitions: DEFAULT_DEFINITION_POLICY,
        auditArguments: 'none',
      } as const;
      await assertRecordFits({ vault, allowedCommands }, caller, { name, ...fields }, { brought: unset });
      if ((await store.servers.byName(workspaceId, name)) !== undefined)
        throw new GateError('conflict', `a server named ${name} exists already; choose another one with --name`);
      const record = await store.servers.create({
        workspaceId,
        name,
        enabled: false,
        ...fields,
      });
      let proposal: Proposal;
      try {
        proposal = await decide(caller, id, 'accepted', name);
      } catch (error) {
        // Another administrator was faster.
        await store.servers.remove(record.id);
        throw error;
      }
      await audit.event(
        eventBy(
          { workspaceId, actor },
          {
            type: 'server.added',
            subject: `server:${name}`,
            data: {
              ...{ transport: transport.kind, isolation: record.isolation, trust_annotations: false },
              ...{ before: [], after: [...recordNotes(name, record), 'enabled=false'] },
            },
          },
        ),
      );
      await upstreams.reload();
      return { proposal: shown(proposal), server: name, unset, missing };
    }),
    operation(proposalsApi.decline, async ({ params: { id } }, caller) => shown(await decide(caller, id, 'declined'))),
  ];
}

const notOpen = (id: string, workspaceId: string): GateError =>
  new GateError('not_found', `no proposal ${id} is open; \`server proposals${inWorkspace(workspaceId)}\` shows them`);

function shown({ createdAt, decidedAt, decidedBy, people, workspaceId: _workspace, ...same }: Proposal): ShownProposal {
  return {
    ...same,
    people: [...people],
    created_at: isoTime(createdAt),
    decided_at: isoTimeOrNull(decidedAt),
    decided_by: decidedBy,
  };
}

/** With a secret of the server's own, under a name that nothing has, for each one that it refers to; one that is named twice is one. */
function withOwnSecrets(server: string, transport: Transport, taken: ReadonlySet<string>): Transport {
  const own = new Map<string, string>();
  const isTaken = (name: string): boolean => taken.has(name) || [...own.values()].includes(name);
  return mapTexts(transport, (text, spot) =>
    fillReferences(text, (proposed) => {
      const name = own.get(proposed) ?? freeSecretName(server, spot.name, isTaken);
      own.set(proposed, name);
      return secretReference(name);
    }),
  );
}

/** The record that it makes, and what somebody has to write into it: values that stayed on the laptop. */
function recordOf({ transport }: Proposal): { transport: Transport; missing: string[] } {
  const named = Object.entries(namedValuesOf(transport));
  const kept = Object.fromEntries(named.filter(([, value]) => value !== ''));
  const missing = [
    ...named.flatMap(([name, value]) => (value === '' ? [name] : [])),
    ...unnamedTextsOf(transport).flatMap(({ text, label }) => withheldIn(text, label)),
  ];
  return { transport: readTransport(withNamedValues(transport, kept)), missing };
}

/** `label`: what the text is. Of a URL the parameters are named, one by one. */
function withheldIn(text: string, label: string): string[] {
  const parameter = new RegExp(`[?&]([\\w.-]+)=${WITHHELD}`, 'g');
  const parameters = [...text.matchAll(parameter)].map(([, name = '']) => `${label}, parameter ${name}`);
  return text.replace(parameter, '').includes(WITHHELD) ? [label, ...parameters] : parameters;
}

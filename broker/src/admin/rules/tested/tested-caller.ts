// The caller of `rule test`: a person, as if on a device of theirs, or a grant, with what is said of the AI client, the device and the address.
import { GateError } from 'mcpgate-shared/error';
import type { Principal } from '../../../domain/people/principal.ts';
import { inWorkspace } from '../../../domain/workspace.ts';
import type { Question } from '../../../policy/verdict.ts';
import type { AdminDependencies } from '../../dependencies.ts';
import { lengthOf, type TestedArguments, withFixed } from './tested-arguments.ts';

export interface TestedCall {
  /** `user:NAME` or `grant:LABEL` */
  who: string;
  client?: string | undefined;
  device?: string | undefined;
  address?: string | undefined;
  /** What the tool would be called with; left out: with nothing. */
  args?: TestedArguments | undefined;
  /** ISO 8601; left out: now. */
  at?: string | undefined;
}

/** Throws `not_found` where there is nobody of that name. */
export async function testedCaller(
  { people, clock }: Pick<AdminDependencies, 'people' | 'clock'>,
  workspaceId: string,
  { who, client, device, address, at, args }: TestedCall,
): Promise<Pick<Question, 'principal' | 'facts'>> {
  const principal = await principalOf(people, workspaceId, who);
  const given = withFixed({}, args);
  return {
    principal: device === undefined ? principal : { ...principal, device: { id: 'test', name: device } },
    facts: {
      now: at === undefined ? clock.now() : Date.parse(at),
      client: { name: client ?? null, version: null },
      address,
      args: () => ({ value: given.exact, length: lengthOf(given) }),
    },
  };
}

async function principalOf(people: AdminDependencies['people'], workspaceId: string, who: string): Promise<Principal> {
  const [kind, name] = [who.slice(0, who.indexOf(':')), who.slice(who.indexOf(':') + 1)];
  const userOf = async (userName: string): Promise<NonNullable<Principal['user']>> => {
    const { id, role, groups } = await people.users.show(workspaceId, userName);
    return { id, name: userName, role, groups };
  };
  if (kind === 'user') {
    return { workspaceId, user: await userOf(name), credential: { kind: 'device', id: 'test', label: 'test' } };
  }
  const grant = (await people.grants.list(workspaceId)).find(
    (entry) => entry.label === name && entry.state === 'active',
  );
  if (grant === undefined)
    throw new GateError(
      'not_found',
      `no live grant is labelled ${name}; \`grant list${inWorkspace(workspaceId)}\` shows them`,
    );
  return {
    workspaceId,
    ...(grant.user === null ? {} : { user: await userOf(grant.user) }),
    credential: { kind: 'grant', id: grant.id, label: grant.label },
    servers: grant.servers,
  };
}

// Calls of the log as the policy can be asked about them again: by whom, of what, from where. The log keeps no values of arguments and no addresses.
import type { RecordedCall } from '../../audit/audit.ts';
import type { Principal } from '../../domain/people/principal.ts';
import { serverCalled } from '../../domain/server-record.ts';
import { eventClass, isSharedName, splitName, subjectsOf, type RuleNames } from '../../policy/naming.ts';
import type { Thing } from '../../policy/previews/access.ts';
import type { Facts } from '../../policy/verdict.ts';
import { grantOf, type KnownWorld } from './known-world.ts';

/** Two calls with the same key differ in their time and their arguments alone. */
export function callKey(call: RecordedCall): string {
  const { member_id, credential_kind, credential_id, device, client_name, client_version, server, tool_name } = call;
  return JSON.stringify([
    eventClass(call.method),
    member_id,
    credential_kind,
    credential_id,
    device,
    client_name,
    client_version,
    server,
    tool_name,
  ]);
}

export interface AskedAgain {
  who: string;
  principal: Principal;
  thing: Thing;
  facts: Facts;
}

export interface CallReader {
  /** Undefined: the person, the grant or the server is not there any more. */
  read(call: RecordedCall): AskedAgain | undefined;
}

export function createCallReader(world: KnownWorld, workspaceId: string): CallReader {
  const byOwnName = new Map<string, Thing[]>();
  for (const thing of world.things) {
    const key = `${thing.server}\n${thing.ways[0][0]}`;
    byOwnName.set(key, [...(byOwnName.get(key) ?? []), thing]);
  }
  const grants = new Map(world.grants.map((grant) => [grant.id, grant]));

  function callerOf(call: RecordedCall): Principal | undefined {
    const user = call.member_id === null ? undefined : world.users.get(call.member_id);
    const grant = call.credential_kind === 'grant' ? grants.get(call.credential_id) : undefined;
    if ((user === undefined) !== (call.member_id === null) || (user === undefined && grant === undefined))
      return undefined;
    const { credential_kind: kind, credential_id: id, credential_label: label, device } = call;
    return {
      workspaceId,
      ...(user && { user }),
      ...(grant === undefined ? { credential: { kind, id, label } } : grantOf(grant)),
      ...(device !== null && { device: { id, name: device } }),
    };
  }

  function thingOf(call: RecordedCall): Thing | undefined {
    const server = serverCalled(world.servers, call.server)?.name;
    if (server === undefined || call.tool_name === null) return undefined;
    const written = splitName(call.tool_name);
    const own = written?.server === call.server ? `${server}__${written.rest}` : call.tool_name;
    const known = byOwnName.get(`${server}\n${own}`) ?? [];
    const [first, ...others] = known.flatMap(({ ways }) => ways);
    if (first !== undefined) return { name: own, server, ways: [first, ...others] };
    // It may have been either where its class is not known.
    const names = subjectsOf(own, [server])[0]?.names ?? [own];
    const without = (head: string): RuleNames => {
      const [name, ...rest] = names;
      return [name, ...rest.filter((each) => !isSharedName(each) || !each.startsWith(head))];
    };
    // What was asked about an event type says its class.
    if (own.startsWith('event:'))
      return { name: own, server, ways: [without(eventClass(call.method) === 'read' ? 'write:' : 'read:')] };
    return { name: own, server, ways: [without('write:'), without('read:')] };
  }

  return {
    read(call) {
      const [principal, thing] = [callerOf(call), thingOf(call)];
      if (principal === undefined || thing === undefined) return undefined;
      return {
        who: principal.user === undefined ? `grant:${principal.credential.label}` : `user:${principal.user.name}`,
        ...{ principal, thing },
        facts: {
          now: Date.parse(call.ts),
          client: { name: call.client_name, version: call.client_version },
          address: undefined,
        },
      };
    },
  };
}

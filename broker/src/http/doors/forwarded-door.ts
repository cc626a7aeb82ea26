// Reads from the headers of a trusted reverse proxy who is asking. The headers count only where the connection itself comes from the proxy; from
// anywhere else they are a forgery. So is a header that came twice: a proxy that adds its own without removing others passes a stranger's on.
import type { IncomingMessage } from 'node:http';
import { GateError } from 'mcpgate-shared/error';
import type { Audit } from '../../audit/audit.ts';
import type { Principal } from '../../domain/people/principal.ts';
import type { Person } from '../../domain/people/people.ts';
import type { ForwardedPeople, ForwardedUser } from '../../identity/idp/forwarded-people.ts';
import { createAddressRanges } from '../../domain/bounds/address-ranges.ts';
import { DEFAULT_WORKSPACE } from '../../domain/workspace.ts';

const MAX_CHARS = 8_192;

export interface ForwardedDoor {
  /**
   * The person whom the proxy names; undefined where the request has no such headers. Throws `forbidden`, after recording it, for headers that
   * cannot be trusted and for people who may not sign in.
   */
  enter(
    request: { raw: IncomingMessage; ip: string },
    door: 'pages' | 'mcp' | 'api',
  ): Promise<{ person: Person; principal: Principal } | undefined>;
}

interface Refused {
  reason: string;
  message: string;
  workspaceId?: string;
  calledName?: string;
}
type Reading = { kind: 'none' } | { kind: 'ok'; told: ForwardedUser } | ({ kind: 'refused' } & Refused);

const commaList = (text = ''): string[] => text.split(',').map((each) => each.trim());

export function createForwardedDoor(options: {
  from: readonly string[];
  userHeader: string;
  groupsHeader: string | undefined;
  emailHeader: string | undefined;
  workspaceHeader: string | undefined;
  people: ForwardedPeople;
  audit: Pick<Audit, 'refused'>;
}): ForwardedDoor {
  const { userHeader, groupsHeader, emailHeader, workspaceHeader, people, audit } = options;
  const proxies = createAddressRanges(options.from);

  const read = (request: IncomingMessage): Reading => {
    const users = valuesOf(request, userHeader);
    if (users.length === 0) return { kind: 'none' };
    if (!proxies.includes(request.socket.remoteAddress)) {
      const message = `${userHeader} is believed from the reverse proxy alone; send the request through it, or log in here`;
      return { kind: 'refused', reason: 'untrusted_peer', message };
    }
    const [groups = [], emails = [], workspaces = []] = [groupsHeader, emailHeader, workspaceHeader].map((header) =>
      header === undefined ? [] : valuesOf(request, header),
    );
    if ([users, groups, emails, workspaces].some((values) => values.length > 1))
      return { kind: 'refused', reason: 'repeated_header', message: `${userHeader} or one beside it came twice` };
    const name = users[0]?.trim() ?? '';
    if (name === '') return { kind: 'none' };
    if (name.length > 255 || !/^[\x21-\x2b\x2d-\x7e]+$/.test(name))
      return { kind: 'refused', reason: 'not_a_name', message: `${userHeader} holds no single name` };
    const list = groups[0];
    if (list !== undefined && list.length > MAX_CHARS)
      return { kind: 'refused', reason: 'too_many_groups', message: `${groupsHeader} is longer than is read` };
    // A request without the groups' header means that the person is in no group: proxies leave out empty headers.
    const names = groupsHeader === undefined ? undefined : commaList(list);
    const [workspace = ''] = workspaces;
    if (workspace.length > MAX_CHARS)
      return { kind: 'refused', reason: 'workspace', message: `${workspaceHeader} is longer than is read` };
    const told = { name, groups: names, email: emails[0]?.trim() };
    return { kind: 'ok', told: { ...told, workspaces: commaList(workspace).filter((each) => each !== '') } };
  };

  return {
    async enter({ raw, ip }, door) {
      const refuse = async ({ reason, message, workspaceId, calledName }: Refused): Promise<GateError> => {
        const data = { door, reason, ...(calledName !== undefined && { called_name: calledName }) };
        const event = { type: 'auth.rejected', actor: 'anonymous', subject: null, address: ip, data };
        await audit.refused({ workspace_id: workspaceId ?? DEFAULT_WORKSPACE, ...event }, raw);
        return new GateError('forbidden', message);
      };
      const reading = read(raw);
      if (reading.kind === 'none') return undefined;
      if (reading.kind === 'refused') throw await refuse(reading);
      const found = await people.find(reading.told, ip);
      if (found.kind === 'refused') throw await refuse(found);
      return found;
    },
  };
}

/** All values of a header, one by one: Node's `headers` would join those of the same name. */
function valuesOf({ rawHeaders }: IncomingMessage, name: string): string[] {
  const values: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() === name) values.push(rawHeaders[index + 1] ?? '');
  }
  return values;
}

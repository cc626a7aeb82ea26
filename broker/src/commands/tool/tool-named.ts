// A tool's own name in a command, where one server alone has such a tool: the same as a call of that name means.
import { definitionsApi } from 'mcpgate-shared/api/definitions/definitions-api';
import { GateError } from 'mcpgate-shared/error';
import type { AdminSession } from '../session/admin-session.ts';
import { visible } from './visible.ts';

const MOST_NAMED = 5;

/** SERVER__TOOL. What names its server already, or nothing that is known, stays as it is written. Throws `usage` where several servers have it. */
export async function toolNamed({ api }: Pick<AdminSession, 'api'>, written: string): Promise<string> {
  if (/__|^\w+:/.test(written)) return written;
  const definitions = await api.call(definitionsApi.list, { query: {} });
  const [one, ...others] = definitions.filter(({ kind, name }) => kind === 'tool' && ownName(name) === written);
  if (one === undefined) return written;
  if (others.length === 0) return one.name;
  const names = [one, ...others].slice(0, MOST_NAMED).map(({ name }) => visible(name));
  throw new GateError('usage', `${visible(written)} is of several servers; name one of them: ${names.join(', ')}`);
}

/** Names of servers have no `_`. */
const ownName = (name: string): string => name.slice(name.indexOf('__') + 2);

// What a configuration wants, in the same form as what there is.
import type { Configuration, ConfigurationKind, SecretForm } from 'mcpgate-shared/api/config/configuration';
import type { GateError } from 'mcpgate-shared/error';
import { didYouMean } from 'mcpgate-shared/nearest';
import { parseDurationMs } from 'mcpgate-shared/duration';
import { Mistake, type MistakePath } from '../../domain/mistake.ts';
import { inWorkspace } from '../../domain/workspace.ts';
import type { SourceOrder } from '../../store/secret-source.ts';
import { saidOfHook } from './hook-form.ts';
import { inside } from './mistaken.ts';
import { groupForm, secretForm } from './present-things.ts';
import { newRuleFrom, ruleForm } from './rule-form.ts';
import { serverForm, serverFrom } from './server-form.ts';
import { ENFORCEMENT, labelOf, pathOf, type Thing, type Things } from './things.ts';

/** Throws `usage` for what can be said of nothing. What the store must have besides is `assertThere`. */
export function wantedThings(configuration: Configuration): Things {
  const { secrets = {}, servers = {}, bundles = {}, people = {}, groups = {}, rules = {} } = configuration;
  const { hooks = {}, enforcement } = configuration;
  const all = <V>(kind: ConfigurationKind, named: Record<string, V>, form: (value: V) => object) =>
    [kind, new Map(Object.entries(named).map(([name, value]) => [name, at(kind, name, () => form(value))]))] as const;
  return new Map([
    all('secret', secrets, (form) => (form.from === undefined ? {} : secretForm(orderOf(form)))),
    all('server', servers, (form) => serverForm(serverFrom(form))),
    all('bundle', bundles, ({ description, tools }) => ({
      ...(description !== undefined && description !== '' && { description }),
      tools: tools.map(({ tool, as, describe, fix = {} }) => ({
        tool,
        ...(as !== undefined && as !== tool.slice(tool.indexOf('__') + 2) && { as }),
        ...(describe !== undefined && { describe }),
        ...(Object.keys(fix).length > 0 && { fix }),
      })),
    })),
    all('role', people, ({ role }) => ({ role })),
    all('group', groups, ({ members, bundle }) => groupForm(members, bundle)),
    // One that has ended already is told where it would be added.
    all('rule', rules, (form) => ruleForm(newRuleFrom(form, '', 0))),
    all('hook', hooks, (form) => saidOfHook(form)),
    all('enforcement', enforcement === undefined ? {} : { [ENFORCEMENT]: enforcement }, (mode) => ({
      enforcement: mode,
    })),
  ]);
}

const at = (kind: ConfigurationKind, name: string, form: () => object): Thing => {
  const made = inside((path) => [...pathOf(kind, name), ...path], form, `${labelOf(kind, name)}: `);
  return Object.fromEntries(Object.entries(made));
};

/** Throws `usage`, naming the field. */
export function orderOf({ from = '', keep_for: keepFor, refresh }: SecretForm): SourceOrder {
  const msOf = (field: string, text: string | undefined): number | undefined => {
    if (text === undefined) return undefined;
    const ms = parseDurationMs(text);
    if (ms === undefined)
      throw new Mistake('usage', `${field}: "${text}" is no duration; write 30s, 15m or 8h`, [field]);
    return ms;
  };
  return { reference: from, keepForMs: msOf('keep_for', keepFor) ?? 0, refreshMs: msOf('refresh', refresh) ?? null };
}

/** Throws `not_found` for a person whom nobody knows, and for a secret that nobody has set and that comes from nowhere: all of them at once. */
export function assertThere(wanted: Things, there: Things, workspaceId: string): void {
  const lacking = (kind: ConfigurationKind, names: Iterable<string>): string[] =>
    [...new Set(names)].filter((name) => there.get(kind)?.has(name) !== true);
  const people = [...(there.get('role')?.keys() ?? [])];
  const unknown = lacking('role', wanted.get('role')?.keys() ?? []);
  const [nobody] = unknown;
  if (nobody !== undefined) throw noPerson(unknown, people, pathOf('role', nobody), workspaceId);
  for (const [group, form] of wanted.get('group') ?? []) {
    const members = Array.isArray(form['members']) ? form['members'].map(String) : [];
    const strangers = lacking('role', members);
    if (strangers.length > 0)
      throw noPerson(strangers, people, pathOf('group', group), workspaceId, `group ${group}: `);
  }
  const kept = [...(wanted.get('secret') ?? [])].filter(([, form]) => form['from'] === undefined);
  const unset = lacking(
    'secret',
    kept.map(([name]) => name),
  );
  const [first] = unset;
  if (first === undefined) return;
  throw new Mistake(
    'not_found',
    `no secret named ${unset.join(', ')}; set it first: \`mcpgate-broker secret set ${first}${inWorkspace(workspaceId)}\`, or say where it is read with \`from\``,
    pathOf('secret', first),
  );
}

function noPerson(
  names: readonly string[],
  people: readonly string[],
  path: MistakePath,
  workspaceId: string,
  before = '',
): GateError {
  const [first = ''] = names;
  return new Mistake(
    'not_found',
    `${before}nobody is called ${names.join(', ')}${didYouMean(first, people)}; \`mcpgate-broker user add ${first}${inWorkspace(workspaceId)}\` adds somebody`,
    path,
  );
}

// What can be said of a configuration without a broker: whether each thing of it could be stored, and whether what names another thing of it is
// spelled as that one is. What the file does not have may be at the broker.
import type { Configuration, ConfigurationKind } from 'mcpgate-shared/api/config/configuration';
import { hookMistake } from 'mcpgate-shared/api/hooks/hooks-api';
import { nearest } from 'mcpgate-shared/nearest';
import { referencesIn } from 'mcpgate-shared/values/secret-reference';
import { GateError, toGateError } from 'mcpgate-shared/error';
import { newRuleFrom } from '../../admin/configuration/rule-form.ts';
import { serverFrom } from '../../admin/configuration/server-form.ts';
import { pathOf, SECTION_OF } from '../../admin/configuration/things.ts';
import { orderOf } from '../../admin/configuration/wanted-things.ts';
import { assertDistinct, assertNoSecret } from '../../admin/bundle-operations.ts';
import { refusePlainValues } from '../../admin/hook-secrets.ts';
import { refusePlainSecrets } from '../../admin/servers/record-refusals.ts';
import { Mistake, type MistakePath } from '../../domain/mistake.ts';
import type { ReadConfiguration } from './read-configuration.ts';
import { caretOf, type PlacedMistake } from './text-places.ts';

export interface Checked {
  mistakes: PlacedMistake[];
  /** What stands in no file that was checked, and must be at the broker. */
  elsewhere: PlacedMistake[];
}

/** A rule that has ended already is a mistake only where it would be added, which nobody knows here. */
export function checkConfiguration({ configuration, written, placeOf }: ReadConfiguration): Checked {
  const mistakes: PlacedMistake[] = [];
  const tried = (kind: ConfigurationKind, name: string, work: () => unknown): void => {
    try {
      work();
    } catch (error) {
      const { message } = toGateError(error);
      const path = [...pathOf(kind, name), ...(error instanceof Mistake ? error.path : [])];
      mistakes.push({ ...placeOf(path, caretOf(message)), message: `${kind} ${name}: ${message}` });
    }
  };
  const { secrets = {}, servers = {}, bundles = {}, rules = {}, hooks = {} } = configuration;
  const known = new Set(Object.keys(secrets));
  for (const [name, form] of Object.entries(secrets)) tried('secret', name, () => orderOf(form));
  for (const [name, form] of Object.entries(servers))
    tried('server', name, () => refusePlainSecrets(name, serverFrom(form).transport, '', known, undefined));
  for (const [name, { tools }] of Object.entries(bundles))
    tried('bundle', name, () => {
      for (const { tool, fix = {} } of tools) assertNoSecret(tool, fix);
      assertDistinct(tools.map(({ tool, as }) => ({ name: as ?? ownName(tool), tool, server: null })));
    });
  for (const [name, hook] of Object.entries(hooks))
    tried('hook', name, () => {
      refusePlainValues(name, hook, { workspaceId: '', known });
      const mistake = hookMistake(hook);
      if (mistake !== undefined) throw new GateError('usage', mistake);
    });
  // Each part by itself, so that all that is wrong with a rule is told at once.
  for (const [name, form] of Object.entries(rules)) {
    const { effect, who, what, ...more } = form;
    const { limit, sum, per, ...rest } = more;
    const together = [
      { limit, ...(per && { per }) },
      { sum, ...(per && { per }) },
    ];
    const parts = [{}, ...Object.entries(rest).map(([key, value]) => ({ [key]: value })), ...together];
    for (const part of parts) tried('rule', name, () => newRuleFrom({ effect, who, what, ...part }, '', 0));
  }

  const elsewhere: PlacedMistake[] = [];
  for (const { path, kind, name } of referencesOf(configuration)) {
    const section = SECTION_OF[kind];
    // With those that have a mistake themselves.
    const there = Object.keys((section === undefined ? undefined : written[section]) ?? {});
    if (there.includes(name)) continue;
    const near = nearest(name, there);
    // The broker takes rules about what is to come.
    if (near === undefined || path[0] === 'rules')
      elsewhere.push({
        ...placeOf(path),
        message: `${kind} ${name} is not said here, so that the broker must have it${near === undefined ? '' : `; did you mean ${near}?`}`,
      });
    else mistakes.push({ ...placeOf(path), message: `there is no ${kind} ${name} here; did you mean ${near}?` });
  }
  return { mistakes, elsewhere };
}

const ownName = (tool: string): string => tool.slice(tool.indexOf('__') + 2);

interface Reference {
  path: MistakePath;
  kind: ConfigurationKind;
  name: string;
}

function referencesOf({ servers = {}, bundles = {}, groups = {}, rules = {} }: Configuration): Reference[] {
  const found: Reference[] = [];
  for (const [server, form] of Object.entries(servers))
    textsIn(form, ['servers', server], (text, path) => {
      for (const { kind, name } of referencesIn(text))
        if (kind === 'secret') found.push({ path, kind: 'secret', name });
    });
  for (const [bundle, { tools }] of Object.entries(bundles))
    for (const [at, { tool }] of tools.entries())
      found.push({
        path: ['bundles', bundle, 'tools', at, 'tool'],
        ...{ kind: 'server', name: tool.slice(0, tool.indexOf('__')) },
      });
  for (const [group, { bundle }] of Object.entries(groups))
    if (bundle !== undefined) found.push({ path: ['groups', group, 'bundle'], kind: 'bundle', name: bundle });
  for (const [rule, form] of Object.entries(rules)) {
    for (const [at, what] of form.what.entries()) {
      const [, prefix = '', rest = ''] = /^(bundle:|read:|write:|prompt:)?(.*)$/s.exec(what) ?? [];
      const name =
        prefix === 'read:' || prefix === 'write:' || prefix === 'bundle:' ? rest : /^(.*?)__/s.exec(rest)?.[1];
      if (name === undefined || /[*?:+]/.test(name)) continue;
      found.push({ path: ['rules', rule, 'what', at], kind: prefix === 'bundle:' ? 'bundle' : 'server', name });
    }
    for (const field of ['who', 'except', 'approver'] as const)
      for (const [at, who] of (form[field] ?? []).entries()) {
        const [, name] = /^group:([^*?]+)$/.exec(who) ?? [];
        if (name !== undefined) found.push({ path: ['rules', rule, field, at], kind: 'group', name });
      }
  }
  return found;
}

function textsIn(value: unknown, path: MistakePath, each: (text: string, path: MistakePath) => void): void {
  if (typeof value === 'string') each(value, path);
  else if (Array.isArray(value)) value.forEach((inner, at) => textsIn(inner, [...path, at], each));
  else if (typeof value === 'object' && value !== null)
    for (const [key, inner] of Object.entries(value)) textsIn(inner, [...path, key], each);
}

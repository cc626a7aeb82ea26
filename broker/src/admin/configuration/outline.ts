// What a thing of a configuration is, in one line for people. It never shows a value that may be a secret.
import { type ConfigurationKind, RuleFormSchema, ServerFormSchema } from 'mcpgate-shared/api/config/configuration';
import { ruleSentence } from 'mcpgate-shared/api/rules/rule-sentence';
import { toRule } from '../rules/rule-view.ts';
import { PLAIN_RULE } from '../../domain/rule.ts';
import { newRuleFrom } from './rule-form.ts';
import type { Thing } from './things.ts';

export function outlineOf(kind: ConfigurationKind, thing: Thing): string {
  switch (kind) {
    case 'rule': {
      const rule = { ...PLAIN_RULE, ...newRuleFrom(RuleFormSchema.parse(thing), '', 0), id: '', createdAt: 0 };
      return ruleSentence(toRule(rule, 0));
    }
    case 'server': {
      const { transport, isolation } = ServerFormSchema.parse(thing);
      return `${transport.kind}, ${isolation}`;
    }
    case 'hook':
      return `${String(thing['kind'])}, ${String(thing['url'])}`;
    case 'secret':
      return typeof thing['from'] === 'string' ? `from ${thing['from']}` : 'kept in the vault';
    case 'bundle':
      return counted(thing['tools'], 'tool');
    case 'group':
      return counted(thing['members'], 'member');
    case 'role':
      return String(thing['role']);
    case 'enforcement':
      return String(thing['enforcement']);
  }
}

function counted(list: unknown, word: string): string {
  const count = Array.isArray(list) ? list.length : 0;
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

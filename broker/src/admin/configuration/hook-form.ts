// A hook as a configuration has it. What is as it is unless said is left out.
import { HookFormSchema, type HookForm } from 'mcpgate-shared/api/hooks/hooks-api';
import { isDeepStrictEqual } from 'node:util';
import type { Hook } from '../../domain/hook.ts';
import { newHookView } from '../hook-operations.ts';
import type { Thing } from './things.ts';

export function hookForm(hook: Hook): Thing {
  const { name: _name, managed_by: _managedBy, ...form } = newHookView(hook);
  return saidOfHook(HookFormSchema.parse(form));
}

export function saidOfHook(form: HookForm): Thing {
  const usual = HookFormSchema.parse({ kind: form.kind, url: form.url });
  return Object.fromEntries(
    Object.entries(form).filter(
      ([field, value]) => ['kind', 'url'].includes(field) || !isDeepStrictEqual(value, Reflect.get(usual, field)),
    ),
  );
}

// Environment variables of the broker.
import { GateError } from 'mcpgate-shared/error';
import type { SourceSettings } from '../../config/source-settings.ts';
import { DEFAULT_WORKSPACE } from '../../domain/workspace.ts';
import { isLike } from './allowed.ts';
import type { Source, Wanted } from './source.ts';

export function createEnvSource(
  settings: Pick<SourceSettings, 'env' | 'ownVariables'>,
  env: Readonly<Record<string, string | undefined>>,
): Source {
  function check({ workspaceId, text: name }: Wanted): void {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      throw new GateError('usage', `${JSON.stringify(name.slice(0, 100))} is no name of an environment variable`);
    if (settings.ownVariables.has(name))
      throw new GateError('forbidden', `${name} configures the broker itself: no secret is read from it`);
    if (workspaceId !== DEFAULT_WORKSPACE)
      throw new GateError('forbidden', 'environment variables are for secrets of the workspace default alone');
    if (settings.env.some((pattern) => isLike(name, pattern))) return;
    throw new GateError(
      'forbidden',
      `sources.env of the broker's configuration does not allow ${name}: whoever runs the broker must add it there`,
    );
  }
  return {
    everyMs: Infinity,
    mayBeTold: false,
    check,
    async read(wanted) {
      check(wanted);
      const value = Object.hasOwn(env, wanted.text) ? env[wanted.text] : undefined;
      if (value !== undefined && value !== '') return await Promise.resolve(value);
      const state = value === undefined ? 'is not in the broker’s environment' : 'is empty';
      throw new GateError('unavailable', `${wanted.text} ${state}: set it there, and start the broker again`);
    },
  };
}

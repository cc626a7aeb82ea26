import type { SecretStep } from 'mcpgate-shared/api/secrets';
import type { Step } from '../../parts/steps.tsx';

const TITLES: Readonly<Record<SecretStep['step'], string>> = {
  stage: 'Kept beside the one in use',
  probe: 'Tried',
  switch: 'In use',
  retire: 'The old one is retired',
  discard: 'Thrown away',
  'prove-dead': 'The old one was tried',
};

/** The steps of a change of a secret, as people read them. */
export const toSteps = (steps: readonly SecretStep[]): Step[] =>
  steps.map(({ step, server, ok, verified, detail, ms, next }) => ({
    title: server === null ? TITLES[step] : `${TITLES[step]} at ${server}`,
    outcome: !ok ? 'failed' : (step === 'probe' || step === 'prove-dead') && verified !== true ? 'unknown' : 'ok',
    detail,
    ms,
    next,
  }));

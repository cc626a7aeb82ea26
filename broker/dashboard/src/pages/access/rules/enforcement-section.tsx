// Whether rules are enforced, and the switch: what it changes is shown before it is thrown.
import { SegmentedControl, Text } from '@mantine/core';
import { rulesApi, type EnforcementSchema } from 'mcpgate-shared/api/rules';
import type { z } from 'zod';
import { useApi, useChange } from '../../../api/use-api.ts';
import { useConfirm } from '../../../parts/confirm.tsx';
import { Loaded } from '../../../parts/loaded.tsx';
import { Section } from '../../../parts/page.tsx';
import { StatusBadge, type Tone } from '../../../parts/status-badge.tsx';
import { toastDone } from '../../../parts/toast.tsx';
import { ChangePreview } from './change-preview.tsx';
import { OF_RULES } from './remove-rule.tsx';

type Enforcement = z.output<typeof EnforcementSchema>;

const MODES: Readonly<
  Record<Enforcement, { label: string; tone: Tone; badge: string; text: string; title: string; action: string }>
> = {
  off: {
    label: 'Off',
    tone: 'danger',
    badge: 'Rules are not asked',
    text: 'Everybody may use everything that their credential is bound to. Nothing says what rules would have denied.',
    title: 'Turn the rules off?',
    action: 'Turn the rules off',
  },
  observe: {
    label: 'Observe',
    tone: 'warn',
    badge: 'Rules only observe',
    text: 'Nothing is denied. The log notes each call that rules would have denied.',
    title: 'Only observe?',
    action: 'Only observe',
  },
  enforce: {
    label: 'Enforce',
    tone: 'ok',
    badge: 'Enforced',
    text: 'What no rule allows is denied.',
    title: 'Enforce the rules?',
    action: 'Enforce the rules',
  },
};

const isMode = (text: string): text is Enforcement => Object.hasOwn(MODES, text);

export function EnforcementSection() {
  const enforcement = useApi(rulesApi.enforcement, {});
  const confirm = useConfirm();
  const set = useChange(rulesApi.setEnforcement, {
    changes: [rulesApi.enforcement, ...OF_RULES],
    onDone: ({ enforcement: now }) => toastDone({ message: `Enforcement is ${now} now.`, subject: 'enforcement' }),
  });
  const ask = (next: Enforcement, managedBy: string | null) =>
    confirm({
      title: MODES[next].title,
      consequences: [
        MODES[next].text,
        'It holds from the next call on, for everybody who is connected.',
        ...(managedBy === null ? [] : [`It stands in the configuration ${managedBy}: the next apply sets it back.`]),
      ],
      details: <ChangePreview change={{ kind: 'enforcement', enforcement: next }} isReplayed />,
      action: MODES[next].action,
      destroys: next !== 'enforce',
      ...(next === 'off' && { typed: 'off' }),
      run: () => set.mutateAsync({ body: { enforcement: next } }),
    });
  return (
    <Loaded query={enforcement}>
      {({ enforcement: mode, managed_by: managedBy }) => (
        <Section
          title="Enforcement"
          actions={
            <SegmentedControl
              aria-label="Enforcement"
              value={mode}
              data={Object.entries(MODES).map(([value, { label }]) => ({ value, label }))}
              onChange={(next) => isMode(next) && next !== mode && ask(next, managedBy)}
            />
          }
        >
          <StatusBadge tone={MODES[mode].tone}>{MODES[mode].badge}</StatusBadge>
          <Text size="sm" mt="xs">
            {MODES[mode].text}
          </Text>
        </Section>
      )}
    </Loaded>
  );
}

// All rules as sentences, and whether they are enforced.
import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { IconSearch, IconShieldCheck } from '@tabler/icons-react';
import { getRouteApi } from '@tanstack/react-router';
import { rulesApi, type ListedRuleSchema } from 'mcpgate-shared/api/rules';
import type { z } from 'zod';
import { useApi } from '../../../api/use-api.ts';
import { DataTable, type Column } from '../../../parts/data-table.tsx';
import { Empty } from '../../../parts/empty.tsx';
import { AnchorLink, ButtonLink } from '../../../parts/links.tsx';
import { Loaded } from '../../../parts/loaded.tsx';
import { Section } from '../../../parts/page.tsx';
import { localRuleSentence } from '../../../parts/local-time.ts';
import { StatusBadge } from '../../../parts/status-badge.tsx';
import { Ago } from '../../../parts/time.tsx';
import { EnforcementSection } from './enforcement-section.tsx';
import { RuleSentence } from './rule-sentence-view.tsx';
import { useRemoveRule } from './remove-rule.tsx';

const route = getRouteApi('/shell/access');

type ListedRule = z.output<typeof ListedRuleSchema>;

export function RulesTab() {
  const rules = useApi(rulesApi.list, {});
  const { q = '' } = route.useSearch();
  const navigate = route.useNavigate();
  const isFound = (rule: ListedRule): boolean =>
    `${localRuleSentence(rule)} ${rule.note ?? ''} ${rule.id}`.toLowerCase().includes(q.toLowerCase());
  return (
    <Stack gap="lg">
      <EnforcementSection />
      <Section
        title="Rules"
        lead="A deny that matches ends it, then a rule that asks, then one allow is enough. Without any: denied."
        flush
        actions={
          <TextInput
            aria-label="Search rules"
            placeholder="Search by words"
            leftSection={<IconSearch size={16} aria-hidden />}
            value={q}
            onChange={({ currentTarget: { value } }) =>
              void navigate({ search: (before) => ({ ...before, q: value === '' ? undefined : value }), replace: true })
            }
          />
        }
      >
        <Loaded query={rules}>
          {(all) => (
            <DataTable
              label="Rules"
              rows={all.filter(isFound)}
              columns={COLUMNS}
              rowKey={({ id }) => id}
              sort={{ id: 'effect' }}
              empty={
                q === '' ? (
                  <Empty
                    icon={IconShieldCheck}
                    title="No rule yet"
                    action={<ButtonLink to="/access/rules/new">Add the first rule</ButtonLink>}
                  >
                    Nobody may use anything until one allows it.
                  </Empty>
                ) : (
                  <Empty icon={IconShieldCheck} title="No rule says this">
                    Search for a person, a group, a tool or a word of the note.
                  </Empty>
                )
              }
            />
          )}
        </Loaded>
      </Section>
    </Stack>
  );
}

const RANK = { deny: 0, ask: 1, allow: 2 } as const;

const COLUMNS: readonly Column<ListedRule>[] = [
  {
    id: 'effect',
    header: 'Rule',
    width: 'minmax(180px, 5fr)',
    sortBy: (rule) => `${RANK[rule.effect]} ${localRuleSentence(rule)}`,
    cell: (rule) => (
      <Stack gap={4}>
        <AnchorLink to="/access/rules/$id" params={{ id: rule.id }} size="sm" c="inherit">
          <RuleSentence rule={rule} size="sm" />
        </AnchorLink>
        <Text size="xs" c="dimmed">
          {rule.note !== null && `${rule.note} · `}
          {rule.id}
          {rule.managed_by !== null && ` · from the configuration ${rule.managed_by}`}
        </Text>
        {rule.warnings.map((warning) => (
          <Text key={warning} size="xs" c="var(--gate-warn)">
            {warning}
          </Text>
        ))}
      </Stack>
    ),
  },
  {
    id: 'state',
    header: 'State',
    width: '140px',
    from: 640,
    sortBy: (rule) => stateOf(rule).word,
    cell: (rule) => {
      const { word, tone } = stateOf(rule);
      return <StatusBadge tone={tone}>{word}</StatusBadge>;
    },
  },
  {
    id: 'created',
    header: 'Added',
    width: '150px',
    from: 820,
    sortBy: ({ created_at: at }) => at,
    cell: ({ created_at: at, created_by: by }) => (
      <>
        <Ago at={at} />
        <Text size="xs" c="dimmed">
          by {by}
        </Text>
      </>
    ),
  },
  {
    id: 'remove',
    header: 'Remove',
    hiddenHeader: true,
    width: '90px',
    from: 480,
    align: 'right',
    cell: (rule) => <RemoveButton rule={rule} />,
  },
];

function stateOf({ expired, observe, until, warnings }: ListedRule) {
  if (expired) return { word: 'Ended', tone: 'quiet' } as const;
  if (observe) return { word: 'Only observed', tone: 'warn' } as const;
  if (warnings.length > 0) return { word: 'Look at it', tone: 'warn' } as const;
  if (until !== null) return { word: 'For a time', tone: 'info' } as const;
  return { word: 'In force', tone: 'ok' } as const;
}

function RemoveButton({ rule }: { rule: ListedRule }) {
  const remove = useRemoveRule();
  return (
    <Group justify="flex-end">
      <Button
        size="compact-sm"
        variant="subtle"
        color="red"
        aria-label={`Remove ${localRuleSentence(rule)}`}
        onClick={() => remove(rule)}
      >
        Remove
      </Button>
    </Group>
  );
}

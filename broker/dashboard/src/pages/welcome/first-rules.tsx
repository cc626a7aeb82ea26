// First rules from a template: what they would do is shown before they are added.
import { Alert, Button, Group, List, Radio, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { IconCircleCheck } from '@tabler/icons-react';
import { previewsApi } from 'mcpgate-shared/api/rules/previews';
import { rulesApi } from 'mcpgate-shared/api/rules';
import { statusApi } from 'mcpgate-shared/api/status';
import { useState } from 'react';
import { useApi, useChange } from '../../api/use-api.ts';
import { countText } from '../../parts/figures.ts';
import { Lines } from '../../parts/loaded.tsx';
import { ProblemAlert } from '../../parts/problem-view.tsx';
import { localRuleSentence } from '../../parts/local-time.ts';
import { toastDone } from '../../parts/toast.tsx';
import { RULE_TEMPLATES } from './rule-templates.ts';

/** Lines of what would change that are shown. */
const MOST = 8;

export function FirstRules() {
  const rules = useApi(rulesApi.list, {});
  const [chosen, setChosen] = useState('ask');
  const template = RULE_TEMPLATES.find(({ id }) => id === chosen);
  const preview = useApi(
    previewsApi.preview,
    { body: { change: { kind: 'add', rules: [...(template?.rules ?? [])] } } },
    { enabled: template !== undefined, keepsOld: true },
  );
  const addOne = useChange(rulesApi.add);
  const reread = useChange(rulesApi.enforcement, { changes: [rulesApi.list, statusApi.status, previewsApi.preview] });
  const add = useMutation({
    async mutationFn() {
      for (const rule of template?.rules ?? []) await addOne.mutateAsync({ body: rule });
      await reread.mutateAsync({});
    },
    onSuccess: () =>
      toastDone({
        message: `${countText(template?.rules.length ?? 0, 'rule')} added; they hold from the next call on.`,
      }),
  });
  const present = rules.data ?? [];
  return (
    <Stack gap="md">
      {present.length > 0 && (
        <Alert color="gray" variant="light" icon={<IconCircleCheck aria-hidden />} title="Rules that hold">
          <List size="sm">
            {present.slice(0, MOST).map((rule) => (
              <List.Item key={rule.id}>{localRuleSentence(rule)}</List.Item>
            ))}
          </List>
        </Alert>
      )}
      <Radio.Group label="Begin with" value={chosen} onChange={setChosen}>
        <Stack gap="xs" mt="xs">
          {RULE_TEMPLATES.map(({ id, title, text }) => (
            <Radio key={id} value={id} label={title} description={text} />
          ))}
        </Stack>
      </Radio.Group>
      <div role="status" aria-label="What it would do">
        <ProblemAlert problem={preview.error ?? addOne.error ?? reread.error} />
        {preview.data === undefined ? (
          preview.error === null && <Lines count={2} />
        ) : (
          <Stack gap={4}>
            <Text size="sm" fw={600}>
              {preview.data.access.length === 0
                ? 'Nothing changes for the people and tools that are known now.'
                : 'What it would do'}
            </Text>
            <List size="sm">
              {preview.data.access.slice(0, MOST).map((change, index) => (
                <List.Item key={index}>
                  {change.who.slice(0, 3).join(', ')}: {change.after.join(' or ')} {change.what.slice(0, 4).join(', ')}
                  {change.what.length > 4 && ` and ${change.what.length - 4} more`}
                </List.Item>
              ))}
            </List>
            {[
              ...preview.data.warnings,
              ...(preview.data.never_listed.length === 0 ? [] : [neverListed(preview.data)]),
            ].map((warning) => (
              <Text key={warning} size="sm" c="dimmed">
                {warning}
              </Text>
            ))}
          </Stack>
        )}
      </div>
      <Group justify="flex-end">
        <Button onClick={() => add.mutate()} loading={add.isPending} disabled={template === undefined}>
          Add {countText(template?.rules.length ?? 0, 'rule')}
        </Button>
      </Group>
    </Stack>
  );
}

const neverListed = ({ never_listed: names }: { never_listed: readonly string[] }): string =>
  `What ${names.join(', ')} can do is not known before it was asked for the first time; the rules hold there too.`;

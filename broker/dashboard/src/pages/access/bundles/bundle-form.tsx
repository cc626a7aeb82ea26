// A bundle, new or there already: its tools with the names, texts and fixed arguments that clients see of them.
import {
  ActionIcon,
  Alert,
  Autocomplete,
  Button,
  Fieldset,
  Group,
  JsonInput,
  List,
  Stack,
  Textarea,
  TextInput,
} from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { bundlesApi, type BundleView, type NewBundleTool } from 'mcpgate-shared/api/bundles/bundles';
import { useRef, useState } from 'react';
import { z } from 'zod';
import { useChange } from '../../../api/use-api.ts';
import { ProblemAlert } from '../../../parts/problem-view.tsx';
import { toastDone } from '../../../parts/toast.tsx';
import { useKnownNames } from '../known-names.ts';
import { OF_RULES } from '../rules/remove-rule.tsx';

interface ToolFields {
  key: number;
  tool: string;
  as: string;
  describe: string;
  fix: string;
}

const FixedSchema = z.record(z.string(), z.json());

/** The fixed arguments; undefined where the text is not an object of JSON. */
function readFixed(text: string): Record<string, z.core.util.JSONType> | undefined {
  if (text.trim() === '') return {};
  try {
    return FixedSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

const fieldsOf = (bundle: BundleView | undefined): ToolFields[] =>
  bundle?.tools.map(({ tool, name, description, fixed }, key) => ({
    key,
    tool: tool ?? '',
    as: name,
    describe: description ?? '',
    fix: Object.keys(fixed).length === 0 ? '' : JSON.stringify(fixed, null, 2),
  })) ?? [{ key: 0, tool: '', as: '', describe: '', fix: '' }];

export function BundleForm({ bundle, onDone }: { bundle: BundleView | undefined; onDone: () => void }) {
  const { things } = useKnownNames();
  const [name, setName] = useState(bundle?.name ?? '');
  const [description, setDescription] = useState(bundle?.description ?? '');
  const [tools, setTools] = useState(() => fieldsOf(bundle));
  const nextKey = useRef(tools.length);
  const [warnings, setWarnings] = useState<readonly string[]>([]);
  const changed = (verb: string) => ({
    changes: [bundlesApi.list, ...OF_RULES],
    onDone: (answer: { name: string; warnings: string[] }) => {
      toastDone({ message: `The bundle ${answer.name} was ${verb}.`, subject: `bundle:${answer.name}` });
      if (answer.warnings.length === 0) onDone();
      else setWarnings(answer.warnings);
    },
  });
  const add = useChange(bundlesApi.add, changed('added'));
  const set = useChange(bundlesApi.set, changed('changed'));
  const change = (key: number, fields: Partial<ToolFields>) =>
    setTools((all) => all.map((each) => (each.key === key ? { ...each, ...fields } : each)));
  const isWhole =
    tools.length > 0 && tools.every(({ tool, fix }) => tool.trim() !== '' && readFixed(fix) !== undefined);

  const save = () => {
    const asked = tools.map(({ tool, as, describe, fix }): NewBundleTool => {
      const fixed = readFixed(fix) ?? {};
      return {
        tool: tool.trim(),
        ...(as.trim() !== '' && { as: as.trim() }),
        ...(describe.trim() !== '' && { describe: describe.trim() }),
        ...(Object.keys(fixed).length > 0 && { fix: fixed }),
      };
    });
    if (bundle === undefined) {
      add.mutate({ body: { name: name.trim(), ...(description.trim() !== '' && { description }), tools: asked } });
      return;
    }
    const kept = new Set(tools.map(({ tool, as }) => (as.trim() === '' ? tool.trim() : as.trim())));
    const without = bundle.tools.map((each) => each.name).filter((each) => !kept.has(each));
    set.mutate({
      params: { name: bundle.name },
      body: { description: description.trim() === '' ? null : description, tools: asked, without },
    });
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isWhole) save();
      }}
    >
      <Stack gap="md">
        {bundle === undefined && (
          <TextInput
            label="Name"
            description="Clients reach it as /mcp/NAME, and with mcpgate serve --bundle NAME"
            placeholder="triage"
            value={name}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
            data-autofocus
            required
          />
        )}
        <TextInput
          label="Description"
          placeholder="What it is for"
          value={description}
          onChange={({ currentTarget }) => setDescription(currentTarget.value)}
        />
        {tools.map(({ key, tool, as, describe, fix }, at) => (
          <Fieldset key={key} legend={`Tool ${at + 1}`} radius="md">
            <Stack gap="sm">
              <Group align="flex-end" wrap="nowrap">
                <Autocomplete
                  label="Tool"
                  placeholder="github__list_issues"
                  data={[...things.filter((each) => !/^(?:prompt|resource|event):/.test(each))]}
                  limit={20}
                  value={tool}
                  onChange={(next) => change(key, { tool: next })}
                  required
                  flex={1}
                />
                <ActionIcon
                  variant="subtle"
                  color="red"
                  size="lg"
                  aria-label={`Take tool ${at + 1} out`}
                  disabled={tools.length === 1}
                  onClick={() => setTools((all) => all.filter((each) => each.key !== key))}
                >
                  <IconTrash size={18} aria-hidden />
                </ActionIcon>
              </Group>
              <TextInput
                label="Called"
                description="What clients see; empty: the tool’s own name"
                value={as}
                onChange={({ currentTarget }) => change(key, { as: currentTarget.value })}
              />
              <Textarea
                label="Described as"
                description="Empty: as the server says"
                autosize
                value={describe}
                onChange={({ currentTarget }) => change(key, { describe: currentTarget.value })}
              />
              <JsonInput
                label="Fixed arguments"
                description="Every call gets them, and clients neither see nor send them. Never a secret"
                placeholder={'{ "owner": "acme" }'}
                autosize
                minRows={2}
                value={fix}
                onChange={(next) => change(key, { fix: next })}
                error={readFixed(fix) === undefined ? 'An object of JSON: { "name": "value" }' : undefined}
              />
            </Stack>
          </Fieldset>
        ))}
        <Group>
          <Button
            variant="default"
            leftSection={<IconPlus size={16} aria-hidden />}
            onClick={() =>
              setTools((all) => [...all, { key: nextKey.current++, tool: '', as: '', describe: '', fix: '' }])
            }
          >
            Put another tool in
          </Button>
        </Group>
        {warnings.length > 0 && (
          <Alert color="yellow" variant="light" title="It is saved. Look at this:">
            <List size="sm">
              {warnings.map((each) => (
                <List.Item key={each}>{each}</List.Item>
              ))}
            </List>
          </Alert>
        )}
        <ProblemAlert problem={add.error ?? set.error} />
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onDone}>
            {warnings.length > 0 ? 'Leave it so' : bundle === undefined ? 'Add none' : 'Keep it as it is'}
          </Button>
          <Button type="submit" loading={add.isPending || set.isPending} disabled={!isWhole}>
            {bundle === undefined ? 'Add the bundle' : 'Save the bundle'}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

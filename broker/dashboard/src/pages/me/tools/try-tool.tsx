// A try of one tool: a form of its arguments, a call as the person, and what it answered.
import {
  Alert,
  Badge,
  Code,
  Group,
  Modal,
  NativeSelect,
  ScrollArea,
  Stack,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { meApi, type OwnTool, type ToolAnswer } from 'mcpgate-shared/api/me/me-api';
import { requestsApi } from 'mcpgate-shared/api/rules/requests';
import { useMemo, useState } from 'react';
import { useChange } from '../../../api/use-api.ts';
import { AnchorLink } from '../../../parts/links.tsx';
import { ProblemAlert } from '../../../parts/problem-view.tsx';
import { fieldsOf, valueOf, type ArgumentField } from './argument-form.ts';
import { FormEnd } from '../../../parts/forms/form-end.tsx';

/** More of an answer is not drawn. */
const MOST_CHARS = 50_000;

export function TryTool({ tool, onClose }: { tool: OwnTool; onClose: () => void }) {
  const fields = useMemo(() => fieldsOf(tool.input), [tool.input]);
  const [texts, setTexts] = useState<Readonly<Record<string, string>>>({});
  const [mistakes, setMistakes] = useState<Readonly<Record<string, string>>>({});
  const call = useChange(meApi.call, { changes: [meApi.calls, requestsApi.list] });

  const submit = (): void => {
    const wrong: Record<string, string> = {};
    const values: Record<string, unknown> = {};
    for (const field of fields) {
      const text = texts[field.name] ?? '';
      if (field.required && text === '' && field.kind !== 'text') {
        wrong[field.name] = 'It is needed';
        continue;
      }
      try {
        const value = valueOf(field, text);
        if (value !== undefined) values[field.name] = value;
      } catch (error) {
        wrong[field.name] = error instanceof RangeError ? 'Write a number' : 'Write JSON, as ["a", "b"] or {"a": 1}';
      }
    }
    setMistakes(wrong);
    if (Object.keys(wrong).length === 0) call.mutate({ body: { name: tool.name, arguments: values } });
  };

  return (
    <Modal opened onClose={onClose} title={`Try ${tool.name}`} size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Stack gap="md">
          {tool.description !== null && (
            <Text size="sm" c="dimmed" lineClamp={6} style={{ whiteSpace: 'pre-line' }}>
              {tool.description}
            </Text>
          )}
          {tool.does === 'write' && (
            <Alert color="yellow" variant="light" icon={<IconAlertTriangle aria-hidden />}>
              This tool may change something, and this is a real call: rules judge it, and it stands in the log as
              yours.
            </Alert>
          )}
          {fields.length === 0 && <Text size="sm">It takes no arguments.</Text>}
          {fields.map((field, index) => (
            <Field
              isFirst={index === 0}
              key={field.name}
              field={field}
              text={texts[field.name] ?? ''}
              mistake={mistakes[field.name]}
              onChange={(text) => setTexts((before) => ({ ...before, [field.name]: text }))}
            />
          ))}
          <ProblemAlert problem={call.error} />
          <FormEnd action="Call the tool" onClose={onClose} leave="Close" isPending={call.isPending} />
          {call.data !== undefined && !call.isPending && <Answer answer={call.data} />}
        </Stack>
      </form>
    </Modal>
  );
}

function Field(props: {
  field: ArgumentField;
  isFirst: boolean;
  text: string;
  mistake: string | undefined;
  onChange: (text: string) => void;
}) {
  const { field, isFirst, text, mistake, onChange } = props;
  const { name, description, required, kind, choices } = field;
  const common = {
    ...{ label: name, description, error: mistake, required, value: text },
    'data-autofocus': isFirst || undefined,
    onChange: ({ currentTarget: { value } }: { currentTarget: { value: string } }) => onChange(value),
  };
  if (kind === 'choice' || kind === 'yes-no')
    return (
      <NativeSelect
        {...common}
        data={[{ value: '', label: 'not said' }, ...(kind === 'choice' ? choices : ['yes', 'no'])]}
      />
    );
  if (kind === 'json') return <Textarea {...common} autosize minRows={2} placeholder="JSON" ff="monospace" />;
  return <TextInput {...common} {...(kind === 'number' && { inputMode: 'decimal' })} autoComplete="off" />;
}

function Answer({ answer: { is_error: isError, content, structured, ms } }: { answer: ToolAnswer }) {
  const texts = content.map((part) =>
    typeof part['text'] === 'string' ? part['text'] : JSON.stringify(shortened(part), undefined, 2),
  );
  const whole =
    texts.length === 0 && structured !== null ? JSON.stringify(structured, undefined, 2) : texts.join('\n\n');
  return (
    <Stack gap="xs" role="status" aria-label="Answer">
      <Group gap="xs">
        <Badge color={isError ? 'red' : 'teal'} variant="light">
          {isError ? 'It did not work' : 'Done'}
        </Badge>
        <Text size="sm" c="dimmed">
          in {ms} ms ·{' '}
          <AnchorLink to="/me" search={{ tab: 'calls' }} size="sm">
            in your calls
          </AnchorLink>
        </Text>
      </Group>
      <ScrollArea.Autosize mah={360} tabIndex={0} aria-label="What the tool answered">
        <Code block>{whole.length > MOST_CHARS ? `${whole.slice(0, MOST_CHARS)}…` : whole}</Code>
      </ScrollArea.Autosize>
    </Stack>
  );
}

/** A picture or sound as what it is, without its bytes. */
const shortened = (part: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  typeof part['data'] === 'string' ? { ...part, data: `${part['data'].length} characters of Base64` } : part;

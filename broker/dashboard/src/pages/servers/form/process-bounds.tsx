// What a command that the broker starts may take up and reach. What is left empty is as the broker's configuration has it.
import { Accordion, Switch, Stack, Text, TextInput } from '@mantine/core';
import { ResourceLimitsSchema, type ResourceLimitsForm } from 'mcpgate-shared/api/resource-limits';
import classes from './form.module.css';

type Limit = keyof ResourceLimitsForm;
export type Limits = Readonly<Partial<Record<Limit, string>>>;

const LIMITS: readonly (readonly [Limit, string, string])[] = [
  ['memory', 'Memory', '512MiB'],
  ['open_files', 'Open files', '1024'],
  ['processes', 'Processes', '64'],
  ['cpu_seconds', 'Seconds of CPU', '600'],
];

export interface ReadLimits {
  /** Undefined: something is wrong. */
  limits: ResourceLimitsForm | undefined;
  mistakes: ReadonlyMap<string, string>;
}

export function readLimits(limits: Limits): ReadLimits {
  const said = Object.entries(limits).filter(([, text]) => text.trim() !== '');
  const form = said.map(([name, text]) => [
    name,
    /^\d+$/.test(text.trim()) && name !== 'memory' ? Number(text) : text.trim(),
  ]);
  const parsed = ResourceLimitsSchema.safeParse(Object.fromEntries(form));
  const issues = parsed.error?.issues ?? [];
  return {
    limits: parsed.data,
    mistakes: new Map(issues.map(({ path }) => [String(path[0]), path[0] === 'memory' ? MEMORY : COUNT])),
  };
}

const MEMORY = 'write a size such as 512MiB, 64MiB or more, or none';
const COUNT = 'write a whole number that it can start with, or none';

interface ProcessBoundsProps {
  limits: Limits;
  mistakes: ReadonlyMap<string, string>;
  isOffline: boolean;
  onLimits: (limits: Limits) => void;
  onOffline: (isOffline: boolean) => void;
}

export function ProcessBounds({ limits, mistakes, isOffline, onLimits, onOffline }: ProcessBoundsProps) {
  return (
    <Accordion variant="contained" chevronPosition="left">
      <Accordion.Item value="bounds">
        <Accordion.Control>
          <Text size="sm" fw={600}>
            Limits and network
          </Text>
        </Accordion.Control>
        <Accordion.Panel>
          <Stack>
            <Text size="xs" c="dimmed">
              At the most, for all of its processes together. Left empty: as the configuration of the broker says;{' '}
              <em>none</em>: no limit.
            </Text>
            <div className={classes['bounds']}>
              {LIMITS.map(([name, label, example]) => (
                <TextInput
                  key={name}
                  label={label}
                  placeholder={example}
                  value={limits[name] ?? ''}
                  error={mistakes.get(name)}
                  autoComplete="off"
                  onChange={({ currentTarget: { value } }) => onLimits({ ...limits, [name]: value })}
                />
              ))}
            </div>
            <Switch
              label="Without a network"
              description="It reaches nothing outside of its process. A sandbox keeps it so; where the broker has none, it does not start."
              checked={isOffline}
              onChange={({ currentTarget }) => onOffline(currentTarget.checked)}
            />
          </Stack>
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  );
}

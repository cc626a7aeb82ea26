// What stands in files beside the broker, and is managed by these: how many things of each kind, and what of them was changed by hand since it was applied.
import { Code, Stack, Text } from '@mantine/core';
import { configApi, type ManagedConfigurations } from 'mcpgate-shared/api/config/config-api';
import { useApi } from '../../../api/use-api.ts';
import { CopyLine } from '../../../parts/copy-line.tsx';
import { countText } from '../../../parts/figures.ts';
import { Loaded } from '../../../parts/loaded.tsx';
import { Section } from '../../../parts/page.tsx';
import { StatusBadge } from '../../../parts/status-badge.tsx';
import { Ago } from '../../../parts/time.tsx';
import classes from './configuration-as-code.module.css';

type Managed = ManagedConfigurations['configurations'][number];
type Drift = Managed['drift'][number];

export function ConfigurationAsCode() {
  const managed = useApi(configApi.managed, {});
  return (
    <Loaded query={managed}>
      {({ configurations }) =>
        configurations.length === 0 ? (
          <Section title="As code" lead={LEAD}>
            <Stack gap="md">
              <Text size="sm">
                Everything here was made by hand. Write what is there into a file to begin with; secrets are in it by
                name alone:
              </Text>
              <CopyLine text="mcpgate-broker config export > platform.yaml" />
            </Stack>
          </Section>
        ) : (
          configurations.map((each) => <OneFile key={each.managed_by} managed={each} />)
        )
      }
    </Loaded>
  );
}

const LEAD = 'Rules, servers, bundles, hooks, groups and roles can stand in files, and be applied from there.';

function OneFile({
  managed: { managed_by: name, applied_at: at, things, drift, left_out: leftOut },
}: {
  managed: Managed;
}) {
  const differs = drift.length + leftOut;
  return (
    <Section
      title={`As code: ${name}`}
      lead={
        <>
          It manages {things.map(({ kind, count }) => countText(count, kind)).join(', ')}, and was applied last{' '}
          <Ago at={at} />.
        </>
      }
      actions={
        <StatusBadge tone={differs === 0 ? 'ok' : 'warn'}>
          {differs === 0 ? 'as it was applied' : countText(differs, 'difference')}
        </StatusBadge>
      }
    >
      <Stack gap="md">
        {drift.length > 0 && (
          <>
            <Text size="sm">
              This was changed by hand since. The next <Code>config apply</Code> makes it again what {name} says: take
              over what is to stay first.
            </Text>
            <ul className={classes['drift']} aria-label={`Changed by hand since ${name} was applied`}>
              {drift.map((each) => (
                <Differs key={`${each.kind} ${each.name}`} drift={each} />
              ))}
            </ul>
            {leftOut > 0 && <Text size="sm">and {countText(leftOut, 'more difference')}</Text>}
          </>
        )}
        <div>
          <Text size="sm" mb={4}>
            What {drift.length > 0 ? 'an apply would change' : 'the file of today would change'} (exit code{' '}
            <Code>10</Code>: something):
          </Text>
          <CopyLine text={`mcpgate-broker config plan ${name}`} />
        </div>
      </Stack>
    </Section>
  );
}

function Differs({ drift: { kind, name, gone, fields } }: { drift: Drift }) {
  return (
    <li>
      <Text size="sm" fw={600}>
        {kind === 'enforcement' ? 'enforcement' : kind === 'role' ? `role of ${name}` : `${kind} ${name}`}
        {gone && ': removed'}
      </Text>
      {fields.map(({ field, before, after }) => (
        <div key={field} className={classes['field']}>
          <Code>{field}</Code>
          <span className={classes['values']}>
            <del>{before ?? 'not there'}</del> <span aria-hidden>→</span> <ins>{after ?? 'not there'}</ins>
          </span>
        </div>
      ))}
    </li>
  );
}

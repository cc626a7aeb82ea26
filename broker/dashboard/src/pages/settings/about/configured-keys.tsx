import { Code, Text } from '@mantine/core';
import { settingsApi } from 'mcpgate-shared/api/settings/settings-api';
import { useApi } from '../../../api/use-api.ts';
import { Facts } from '../../../parts/facts.tsx';
import { Loaded } from '../../../parts/loaded.tsx';
import { ButtonLink } from '../../../parts/links.tsx';
import { Section } from '../../../parts/page.tsx';

/** What the configuration says of one matter: the keys whose names begin with `below`. */
export function ConfiguredKeys({ title, lead, below }: { title: string; lead: string; below: string }) {
  const configuration = useApi(settingsApi.configuration, {});
  // Administrators of other workspaces do not see how the broker is set up.
  if (configuration.error?.kind === 'forbidden') return null;
  return (
    <Section
      title={title}
      lead={lead}
      actions={
        <ButtonLink
          to="/settings/$section"
          params={{ section: 'configuration' }}
          search={{ q: below }}
          variant="default"
          size="sm"
        >
          What these mean
        </ButtonLink>
      }
    >
      <Loaded query={configuration}>
        {({ values }) => (
          <Facts
            facts={values
              .filter(({ key }) => key.startsWith(below))
              .map(
                ({ key, value, from }) =>
                  [
                    key.slice(below.length),
                    <span key={key}>
                      {value === null ? (
                        <Text span size="sm" c="dimmed">
                          not set
                        </Text>
                      ) : (
                        <Code>{value}</Code>
                      )}{' '}
                      <Text span size="xs" c="dimmed">
                        {value === null ? '' : from === 'default' ? 'default' : `from the ${from}`}
                      </Text>
                    </span>,
                  ] as const,
              )}
          />
        )}
      </Loaded>
    </Section>
  );
}

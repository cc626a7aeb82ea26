// Who can do what, and why: the filters, the grid, and the cell that was chosen.
import { Drawer, Group, Stack, Text, TextInput } from '@mantine/core';
import { IconGridDots } from '@tabler/icons-react';
import { getRouteApi } from '@tanstack/react-router';
import { previewsApi } from 'mcpgate-shared/api/rules/previews';
import { rulesApi } from 'mcpgate-shared/api/rules';
import { useState } from 'react';
import { useApi } from '../../../api/use-api.ts';
import { Empty } from '../../../parts/empty.tsx';
import { AnchorLink } from '../../../parts/links.tsx';
import { Loaded } from '../../../parts/loaded.tsx';
import { Section } from '../../../parts/page.tsx';
import { StatusBadge } from '../../../parts/status-badge.tsx';
import type { AccessSearch } from '../access-search.ts';
import { DECISION, decisionsText, few } from '../access-words.ts';
import { RuleSentence } from '../rules/rule-sentence-view.tsx';
import { MatrixGrid, type Chosen } from './matrix-grid.tsx';
import type { MatrixFilter } from './use-matrix.ts';
import classes from './matrix.module.css';

const route = getRouteApi('/shell/access');

/** What people type is a part of a name, unless they write wildcards themselves. */
const partOf = (text: string): string => (/[*?]/.test(text) ? text : `*${text}*`);

const FILTERS = [
  ['person', 'Person', 'ada'],
  ['group', 'Group', 'engineering'],
  ['server', 'Server', 'github'],
  ['tool', 'Tool', 'create'],
] as const satisfies readonly (readonly [keyof AccessSearch, string, string])[];

const LOOKS = [
  ['allow', 'allowed'],
  ['ask', 'asks first'],
  ['depends', 'depends on the call'],
  ['would_deny', 'allowed, noted as a denial'],
  ['deny', 'denied'],
] as const;

export function MatrixTab() {
  const { person, group, server, tool } = route.useSearch();
  const navigate = route.useNavigate();
  const [chosen, setChosen] = useState<Chosen>();
  const filter: MatrixFilter = {
    ...(person !== undefined && { user: partOf(person) }),
    ...(group !== undefined && { group }),
    ...(server !== undefined && { server }),
    ...(tool !== undefined && { tool: partOf(tool) }),
  };
  const size = useApi(previewsApi.matrix, { query: { ...filter, people_most: 0, things_most: 0 } }, { keepsOld: true });
  const values = { person, group, server, tool };
  return (
    <Stack gap="lg">
      <Group gap="sm" align="flex-end">
        {FILTERS.map(([name, label, example]) => (
          <TextInput
            key={name}
            label={label}
            placeholder={example}
            value={values[name] ?? ''}
            w={{ base: '100%', xs: 180 }}
            onChange={({ currentTarget: { value } }) =>
              void navigate({
                search: (before) => ({ ...before, [name]: value === '' ? undefined : value }),
                replace: true,
              })
            }
          />
        ))}
      </Group>
      <Section
        title="Who can do what"
        lead="A cell tells why. Arrows move, Enter opens."
        flush
        actions={
          <Group gap="md">
            {LOOKS.map(([look, word]) => (
              <Group key={look} gap={6} wrap="nowrap">
                <span className={classes['sample']} data-look={look} aria-hidden />
                <Text size="xs" c="dimmed">
                  {word}
                </Text>
              </Group>
            ))}
          </Group>
        }
      >
        <Loaded query={size}>
          {({ people, things, never_listed: neverListed, enforcement, policy_version: version }) => (
            <>
              {neverListed.length > 0 && (
                <Text size="sm" c="dimmed" px={20} pb="sm">
                  Not known what they offer, because they were never reached: {few(neverListed, 6)}.
                </Text>
              )}
              {people === 0 || things === 0 ? (
                <Empty icon={IconGridDots} title={people === 0 ? 'Nobody is called so' : 'Nothing is called so'}>
                  Filters take a part of a name; a group and a server are named whole.
                </Empty>
              ) : (
                <MatrixGrid
                  key={`${JSON.stringify(filter)} ${enforcement} ${version}`}
                  filter={filter}
                  people={people}
                  things={things}
                  onChoose={setChosen}
                />
              )}
            </>
          )}
        </Loaded>
      </Section>
      <Drawer opened={chosen !== undefined} onClose={() => setChosen(undefined)} title="Why" size={480}>
        {chosen !== undefined && <Why chosen={chosen} />}
      </Drawer>
    </Stack>
  );
}

/** Which rules decide, and what the broker would say of a call without arguments. */
function Why({ chosen: { person, thing, cell } }: { chosen: Chosen }) {
  const rules = useApi(rulesApi.list, {});
  const [what = thing, bundle] = thing.split(' in bundle:');
  const verdict = useApi(rulesApi.test, { body: { who: person, what, ...(bundle !== undefined && { bundle }) } });
  const [only] = cell.decisions;
  return (
    <Stack gap="md">
      <div>
        <Text fw={600}>{person}</Text>
        <Text style={{ overflowWrap: 'anywhere' }}>{thing}</Text>
      </div>
      {only !== undefined && (
        <div>
          <StatusBadge tone={cell.decisions.length === 1 ? DECISION[only].tone : 'warn'}>
            {decisionsText(cell.decisions)}
          </StatusBadge>
        </div>
      )}
      {cell.decisions.length > 1 && (
        <Text size="sm" c="dimmed">
          It depends on the arguments, the time, the AI client, the device or the address of the call.
        </Text>
      )}
      <div>
        <Text size="sm" fw={600}>
          {cell.rules.length === 1 ? 'The rule' : 'The rules'}
        </Text>
        {cell.rules.length === 0 && <Text size="sm">No rule allows it, so it is denied.</Text>}
        {cell.rules.map((id) => {
          const rule = rules.data?.find((each) => each.id === id);
          return (
            <Text key={id} size="sm" mt={4}>
              <AnchorLink to="/access/rules/$id" params={{ id }} size="sm" underline="always">
                {id}
              </AnchorLink>{' '}
              {rule !== undefined && <RuleSentence rule={rule} size="sm" />}
            </Text>
          );
        })}
      </div>
      <div>
        <Text size="sm" fw={600}>
          Of a call without arguments, now
        </Text>
        <Loaded query={verdict}>{({ reason }) => <Text size="sm">{reason}</Text>}</Loaded>
      </div>
      <AnchorLink to="/access" search={{ tab: 'why', who: person, what }} size="sm">
        Ask with arguments
      </AnchorLink>
    </Stack>
  );
}

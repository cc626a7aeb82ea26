// What an event says: what was before and what is after, field by field, and its other details.
import { Code, Table } from '@mantine/core';
import type { Event } from 'mcpgate-shared/api/audit';
import { changesOf, restOf } from 'mcpgate-shared/api/audit/change-text';
import { Facts } from '../../../parts/facts.tsx';
import { AnchorLink } from '../../../parts/links.tsx';
import { Section } from '../../../parts/page.tsx';
import { withLocalTimes } from '../../../parts/local-time.ts';
import { Moment } from '../../../parts/time.tsx';
import { saidOf } from '../record-words.ts';
import classes from '../log.module.css';

const saidText = (value: Event['data'][string]): string =>
  Array.isArray(value)
    ? value.join(', ')
    : value === true
      ? 'yes'
      : value === false
        ? 'no'
        : withLocalTimes(String(value));
const inWords = (name: string): string => name.replaceAll('_', ' ').replace(/^./, (letter) => letter.toUpperCase());

export function EventFacts({ event }: { event: Event }) {
  const changes = changesOf(event.data) ?? [];
  const rest = Object.entries(restOf(saidOf(event.data)));
  const { subject } = event;
  return (
    <>
      {changes.length > 0 && (
        <Section title="What was changed" flush>
          <Table.ScrollContainer minWidth={340}>
            <Table layout="fixed" verticalSpacing="sm" horizontalSpacing="lg">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th w="24%">Field</Table.Th>
                  <Table.Th>Before</Table.Th>
                  <Table.Th>After</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {changes.map(({ field, before, after }, index) => (
                  <Table.Tr key={index}>
                    <Table.Td>{field ?? (before === undefined ? 'Added' : 'Removed')}</Table.Td>
                    <Table.Td className={classes['before'] ?? ''}>{withLocalTimes(before ?? '')}</Table.Td>
                    <Table.Td className={classes['after'] ?? ''}>{withLocalTimes(after ?? '')}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </Section>
      )}
      <Section title="The event">
        <Facts
          facts={[
            ['When', <Moment key="at" at={event.ts} />],
            [
              'By',
              <AnchorLink key="by" to="/log" search={{ user: event.actor }} size="sm">
                {event.actor}
              </AnchorLink>,
            ],
            event.address === null ? undefined : ['From', event.address],
            subject === null
              ? undefined
              : [
                  'About',
                  <AnchorLink key="about" to="/log" search={{ subject }} size="sm">
                    {subject}
                  </AnchorLink>,
                ],
            ...rest.map(([name, value]) => [inWords(name), saidText(value)] as const),
            ['Id', <Code key="id">{event.id}</Code>],
          ]}
        />
      </Section>
    </>
  );
}

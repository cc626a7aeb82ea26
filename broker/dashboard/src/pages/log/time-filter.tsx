// From when to when: the last hours or days in one choice, or any two moments. The address holds moments, so that it shows the same tomorrow.
import { Select, TextInput } from '@mantine/core';
import { useState } from 'react';
import { isoOfLocalText, toLocalText } from '../../parts/local-time.ts';
import type { LogSearch } from './log-search.ts';

const HOUR_MS = 3_600_000;
const SPANS: Readonly<Record<string, readonly [label: string, ms: number]>> = {
  '1h': ['The last hour', HOUR_MS],
  '24h': ['The last 24 hours', 24 * HOUR_MS],
  '7d': ['The last 7 days', 7 * 24 * HOUR_MS],
  '30d': ['The last 30 days', 30 * 24 * HOUR_MS],
};
const BETWEEN = 'between';

export function TimeFilter(props: { search: LogSearch; onChange: (changes: Partial<LogSearch>) => void }) {
  const { search, onChange } = props;
  const { since, until } = search;
  const [chosen, setChosen] = useState<string>();
  const isAny = since === undefined && until === undefined && chosen !== BETWEEN;
  const shown = isAny ? null : (chosen ?? BETWEEN);
  return (
    <>
      <Select
        aria-label="Time"
        placeholder="Any time"
        clearable
        w={190}
        value={shown}
        data={[
          ...Object.entries(SPANS).map(([value, [label]]) => ({ value, label })),
          { value: BETWEEN, label: 'Between two moments' },
        ]}
        onChange={(value) => {
          setChosen(value ?? undefined);
          if (value === null) return onChange({ since: undefined, until: undefined });
          const span = SPANS[value];
          if (span !== undefined) onChange({ since: new Date(Date.now() - span[1]).toISOString(), until: undefined });
        }}
      />
      {shown === BETWEEN && (
        <>
          <TextInput
            type="datetime-local"
            label="From"
            value={toLocalText(since)}
            onChange={({ currentTarget: { value } }) => onChange({ since: isoOfLocalText(value) })}
          />
          <TextInput
            type="datetime-local"
            label="To"
            value={toLocalText(until)}
            onChange={({ currentTarget: { value } }) => onChange({ until: isoOfLocalText(value) })}
          />
        </>
      )}
    </>
  );
}

// One number that people look for, large, with its name above it and what it is made of below.
import { Paper, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Tone } from './status-badge.tsx';
import classes from './figure.module.css';

const count = new Intl.NumberFormat();

export function Figure(props: { label: string; value: number | string; note?: ReactNode; tone?: Tone }) {
  const { label, value, note, tone = 'quiet' } = props;
  return (
    <Paper className={classes['figure'] ?? ''} p="md" data-tone={tone}>
      <Text size="sm" c="dimmed" component="h2" fw={500}>
        {label}
      </Text>
      <p className={classes['value']}>{typeof value === 'number' ? count.format(value) : value}</p>
      {note !== undefined && (
        <Text size="sm" c="dimmed" component="div">
          {note}
        </Text>
      )}
    </Paper>
  );
}

// A rule as a sentence, with its effect in colour and its text in full.
import { Text } from '@mantine/core';
import { localRuleSentence } from '../../../parts/local-time.ts';
import classes from './rules.module.css';

export function RuleSentence({
  rule,
  size = 'md',
}: {
  rule: Parameters<typeof localRuleSentence>[0];
  size?: 'sm' | 'md';
}) {
  const [effect = '', ...words] = localRuleSentence(rule).split(' ');
  return (
    <Text component="span" size={size} className={classes['sentence'] ?? ''}>
      <b data-effect={rule.effect}>{effect}</b> {words.join(' ')}
    </Text>
  );
}

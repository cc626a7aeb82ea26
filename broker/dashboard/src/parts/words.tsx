import { Code } from '@mantine/core';

/** What the broker says, with its `commands` set as such. */
export function Words({ text }: { text: string }) {
  return text
    .split('`')
    .map((part, index) => (index % 2 === 1 ? <Code key={index}>{part}</Code> : <span key={index}>{part}</span>));
}

// Where a record stands in the chains of the log: each row binds the one before it, so that none can be changed or taken out unseen.
import type { Story } from 'mcpgate-shared/api/audit';
import type { ReactNode } from 'react';
import { Facts } from '../../../parts/facts.tsx';
import { AnchorLink } from '../../../parts/links.tsx';
import { Section } from '../../../parts/page.tsx';
import { Moment } from '../../../parts/time.tsx';
import classes from '../log.module.css';

const NAMES: Readonly<Record<Story['rows'][number]['row'], string>> = {
  intent: 'Before it was sent',
  outcome: 'How it ended',
  event: 'The event',
};

function Hash({ text }: { text: string }) {
  return <span className={classes['hash']}>{text}</span>;
}

export function Proof({ rows }: { rows: Story['rows'] }) {
  return (
    <Section
      title="Where it stands in the log"
      lead="Each row holds the hash of the row before it, and checkpoints sign where the log stands."
      actions={
        <AnchorLink to="/log/proof" size="sm">
          Verify the log
        </AnchorLink>
      }
    >
      <Facts facts={factsOf(rows)} />
    </Section>
  );
}

function factsOf(rows: Story['rows']): (readonly [string, ReactNode])[] {
  const facts: (readonly [string, ReactNode])[] = [];
  for (const { row, chain, seq, ts, hash, prev_hash: before } of rows) {
    const of = rows.length > 1 ? ` (row ${seq})` : '';
    const place = (
      <span>
        row {seq} of chain {chain}, <Moment at={ts} />
      </span>
    );
    facts.push(
      [NAMES[row], place],
      [`Hash${of}`, <Hash key="hash" text={hash} />],
      [`Hash before${of}`, <Hash key="before" text={before} />],
    );
  }
  return facts;
}

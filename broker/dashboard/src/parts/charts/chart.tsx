// Charts, loaded only where one is drawn: the library is as large as the rest of the page.
import { Skeleton } from '@mantine/core';
import { lazy, Suspense } from 'react';
import type { RateChartProps } from './chart-drawn.tsx';

const Drawn = lazy(async () => ({ default: (await import('./chart-drawn.tsx')).RateChart }));

/** How often things happened over time, stacked. Its figures are also said in words (`summary`), for people who do not see it. */
export function RateChart(props: RateChartProps & { summary: string }) {
  const { summary, ...rest } = props;
  return (
    <figure aria-label={summary} style={{ margin: 0 }}>
      <Suspense fallback={<Skeleton height={rest.height} />}>
        <div aria-hidden>
          <Drawn {...rest} />
        </div>
      </Suspense>
    </figure>
  );
}

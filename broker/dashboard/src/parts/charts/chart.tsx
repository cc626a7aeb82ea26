// Charts, loaded only where one is drawn: the library is as large as the rest of the page. Their figures are also said in words (`summary`), for people
// who do not see them.
import { Skeleton } from '@mantine/core';
import { lazy, Suspense, type ReactNode } from 'react';
import type { BarsProps, LineProps, RateChartProps } from './chart-drawn.tsx';

const DrawnRate = lazy(async () => ({ default: (await import('./chart-drawn.tsx')).RateChart }));
const DrawnLevel = lazy(async () => ({ default: (await import('./chart-drawn.tsx')).LevelChart }));
const DrawnBars = lazy(async () => ({ default: (await import('./chart-drawn.tsx')).Bars }));

interface Said {
  summary: string;
}

/** How often things happened over time, stacked. */
export const RateChart = ({ summary, ...rest }: RateChartProps & Said) => (
  <Drawn summary={summary} height={rest.height}>
    <DrawnRate {...rest} />
  </Drawn>
);

/** How much something was over time. */
export const LevelChart = ({ summary, ...rest }: LineProps & Said) => (
  <Drawn summary={summary} height={rest.height}>
    <DrawnLevel {...rest} />
  </Drawn>
);

/** Things beside each other, by how much they have of something. */
export const Bars = ({ summary, ...rest }: BarsProps & Said) => (
  <Drawn summary={summary} height={100}>
    <DrawnBars {...rest} />
  </Drawn>
);

function Drawn({ summary, height, children }: Said & { height: number; children: ReactNode }) {
  return (
    <figure aria-label={summary} style={{ margin: 0 }}>
      <Suspense fallback={<Skeleton height={height} />}>
        <div aria-hidden>{children}</div>
      </Suspense>
    </figure>
  );
}

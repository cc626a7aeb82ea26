import { BarChart } from '@mantine/charts';
import '@mantine/charts/styles.css';
import { clockText, momentText } from './time.tsx';

/** A step of time: `at` in ms, and a number for each series; without them, a step of which nothing is known. */
export type RatePoint = { at: number } & Readonly<Record<string, number>>;

export interface RateChartProps {
  height: number;
  points: readonly RatePoint[];
  series: readonly { name: string; label: string; color: string }[];
}

export function RateChart({ height, points, series }: RateChartProps) {
  return (
    <BarChart
      h={height}
      data={points.map((point) => ({ ...point }))}
      dataKey="at"
      type="stacked"
      series={series.map((each) => ({ ...each }))}
      gridAxis="x"
      tickLine="none"
      withLegend
      legendProps={{ verticalAlign: 'top', align: 'left', height: 32 }}
      xAxisProps={{ tickFormatter: (at: number) => clockText(at), minTickGap: 40 }}
      yAxisProps={{ width: 36, allowDecimals: false }}
      barProps={{ isAnimationActive: false }}
      maxBarWidth={24}
      // What it shows is said in words around it; nothing in it takes the focus.
      barChartProps={{ accessibilityLayer: false }}
      tooltipProps={{ labelFormatter: (at) => (typeof at === 'number' ? momentText(at) : '') }}
    />
  );
}

// Charts as they are drawn. What each shows is said in words around it (chart.tsx); nothing in them takes the focus.
import { BarChart, LineChart } from '@mantine/charts';
import '@mantine/charts/styles.css';
import { clockText, momentText } from '../time.tsx';

/** A step of time: `at` in ms, and a number for each series; without them, a step of which nothing is known. */
export type RatePoint = { at: number } & Readonly<Record<string, number>>;

export interface Series {
  name: string;
  label: string;
  color: string;
}

export interface RateChartProps {
  height: number;
  points: readonly RatePoint[];
  series: readonly Series[];
}

export interface LineProps extends RateChartProps {
  /** A value as people read it. */
  valueText: (value: number) => string;
}

export interface BarsProps {
  /** A bar, or one of each series, for each name, the first one on top. */
  rows: readonly ({ name: string } & Readonly<Record<string, string | number>>)[];
  series: readonly Series[];
  valueText: (value: number) => string;
}

/** In the order in which the series are given, from the left. */
const LEGEND = { verticalAlign: 'top', align: 'left', itemSorter: null } as const;
const overTime = {
  dataKey: 'at',
  gridAxis: 'x',
  tickLine: 'none',
  withLegend: true,
  legendProps: LEGEND,
  xAxisProps: { tickFormatter: (at: number) => clockText(at), minTickGap: 40 },
} as const;
const labelOf = (at: unknown): string => (typeof at === 'number' ? momentText(at) : '');
const copied = (series: readonly Series[]): Series[] => series.map((each) => ({ ...each }));

export function RateChart({ height, points, series }: RateChartProps) {
  return (
    <BarChart
      {...overTime}
      h={height}
      data={points.map((point) => ({ ...point }))}
      type="stacked"
      series={copied(series)}
      yAxisProps={{ width: 36, allowDecimals: false }}
      barProps={{ isAnimationActive: false }}
      maxBarWidth={24}
      barChartProps={{ accessibilityLayer: false }}
      tooltipProps={{ labelFormatter: labelOf }}
    />
  );
}

/** Steps of which nothing is known are gaps; one between two of them is a dot. */
export function LevelChart({ height, points, series, valueText }: LineProps) {
  return (
    <LineChart
      {...overTime}
      h={height}
      data={points.map((point) => ({ ...point }))}
      series={copied(series)}
      curveType="linear"
      strokeWidth={2}
      connectNulls={false}
      dotProps={{ r: 3 }}
      valueFormatter={valueText}
      yAxisProps={{ width: 64 }}
      lineProps={{ isAnimationActive: false }}
      lineChartProps={{ accessibilityLayer: false }}
      tooltipProps={{ labelFormatter: labelOf }}
    />
  );
}

/** So much room has a row of bars, in px. */
const ROW_PX = 38;
const NAME_CHARS = 22;

export function Bars({ rows, series, valueText }: BarsProps) {
  return (
    <BarChart
      h={64 + rows.length * ROW_PX}
      data={rows.map((row) => ({ ...row }))}
      dataKey="name"
      orientation="vertical"
      gridAxis="y"
      tickLine="none"
      withLegend={series.length > 1}
      legendProps={LEGEND}
      series={copied(series)}
      valueFormatter={valueText}
      xAxisProps={{ allowDecimals: false }}
      yAxisProps={{
        width: 150,
        interval: 0,
        tickFormatter: (name: string) => (name.length > NAME_CHARS ? `${name.slice(0, NAME_CHARS - 1)}…` : name),
      }}
      barProps={{ isAnimationActive: false }}
      maxBarWidth={14}
      barChartProps={{ accessibilityLayer: false }}
    />
  );
}

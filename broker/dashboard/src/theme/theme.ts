// The look: the colours, radii and shadows of the broker's pages without script (broker/src/http/pages/stylesheet.ts), for Mantine.
import {
  Badge,
  Card,
  createTheme,
  Drawer,
  Modal,
  Paper,
  Tooltip,
  type CSSVariablesResolver,
  type MantineColorsTuple,
} from '@mantine/core';

const gate: MantineColorsTuple = [
  '#ecf1ff',
  '#d8e2ff',
  '#adc3ff',
  '#7aa2ff',
  '#5b86f7',
  '#3b66e8',
  '#2450d8',
  '#1b3fb0',
  '#16338d',
  '#112768',
];
const dark: MantineColorsTuple = [
  '#e8ebf0',
  '#c7ced8',
  '#a2abb8',
  '#6c7786',
  '#2f3743',
  '#232933',
  '#171b22',
  '#0e1116',
  '#0b0d12',
  '#080a0d',
];

export const theme = createTheme({
  primaryColor: 'gate',
  primaryShade: { light: 6, dark: 3 },
  colors: { gate, dark },
  autoContrast: true,
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace",
  defaultRadius: 'md',
  radius: { xs: '4px', sm: '6px', md: '9px', lg: '14px', xl: '20px' },
  headings: {
    fontWeight: '650',
    sizes: { h1: { fontSize: '25px', lineHeight: '1.25' }, h2: { fontSize: '17px', lineHeight: '1.35' } },
  },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Card: Card.extend({ defaultProps: { withBorder: true, radius: 'lg', padding: 'lg' } }),
    Paper: Paper.extend({ defaultProps: { radius: 'lg' } }),
    Badge: Badge.extend({ defaultProps: { variant: 'light', tt: 'none', fw: 600, radius: 'xl' } }),
    Tooltip: Tooltip.extend({
      defaultProps: { openDelay: 300, events: { hover: true, focus: true, touch: true }, multiline: true, maw: 320 },
    }),
    Modal: Modal.extend({
      defaultProps: { radius: 'lg', centered: true, closeButtonProps: { 'aria-label': 'Close' } },
    }),
    Drawer: Drawer.extend({
      defaultProps: { position: 'right', size: 560, closeButtonProps: { 'aria-label': 'Close' } },
    }),
  },
});

/** What Mantine's own variables become, and ours: `--gate-page` is the ground on which cards lie. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--gate-page': '#f5f6f8',
    '--gate-line': '#dde1e7',
    '--gate-hover': '#eceff4',
    '--gate-code': '#f0f2f6',
    '--gate-ok': '#17683a',
    '--gate-warn': '#6b4400',
    '--gate-danger': '#b3261e',
    '--gate-ok-soft': '#e6f5ec',
    '--gate-warn-soft': '#fff5df',
    '--gate-danger-soft': '#fdecea',
    '--mantine-color-text': '#14181f',
    '--mantine-color-dimmed': '#565f6d',
    '--mantine-color-placeholder': '#6b7482',
    '--mantine-color-default-border': '#dde1e7',
    '--mantine-color-error': '#b3261e',
    '--mantine-color-anchor': '#2450d8',
    '--mantine-shadow-sm': '0 1px 2px rgb(16 24 40 / 6%), 0 8px 24px rgb(16 24 40 / 7%)',
  },
  dark: {
    '--gate-page': '#0e1116',
    '--gate-line': '#2a313c',
    '--gate-hover': '#1f252e',
    '--gate-code': '#0f1319',
    '--gate-ok': '#7fd6a2',
    '--gate-warn': '#f3d49a',
    '--gate-danger': '#ff9a92',
    '--gate-ok-soft': '#14291d',
    '--gate-warn-soft': '#2c2416',
    '--gate-danger-soft': '#35191a',
    '--mantine-color-body': '#171b22',
    '--mantine-color-text': '#e8ebf0',
    '--mantine-color-dimmed': '#a2abb8',
    '--mantine-color-placeholder': '#8a94a3',
    '--mantine-color-default': '#0f1319',
    '--mantine-color-default-hover': '#1f252e',
    '--mantine-color-default-border': '#2f3743',
    '--mantine-color-error': '#ff9a92',
    '--mantine-color-anchor': '#7aa2ff',
    '--mantine-shadow-sm': '0 1px 2px rgb(0 0 0 / 40%), 0 8px 24px rgb(0 0 0 / 30%)',
  },
});

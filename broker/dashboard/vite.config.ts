// How the dashboard is built: static files under `/dashboard/`, with hashed names, no inline script, and nothing from elsewhere.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const BASE = '/dashboard/';

/** Adds `src/theme/first-paint.js` to the head as a script that blocks: an inline one would need a hole in the policy, a module comes too late. */
function firstPaint(): Plugin {
  const source = readFileSync(new URL('src/theme/first-paint.js', import.meta.url), 'utf8');
  const hash = createHash('sha256').update(source).digest('hex').slice(0, 8);
  const fileName = `assets/first-paint-${hash}.js`;
  return {
    name: 'first-paint',
    generateBundle() {
      this.emitFile({ type: 'asset', fileName, source });
    },
    transformIndexHtml: (_html, { server }) => [
      {
        tag: 'script',
        attrs: { src: server === undefined ? BASE + fileName : `${BASE}src/theme/first-paint.js` },
        injectTo: 'head-prepend',
      },
    ],
  };
}

/** Parts of Mantine that no page uses: a third of its styles. test/dashboard/built.test.ts tells who uses one of them after all. */
const UNUSED_PARTS = [
  ...['AngleSlider', 'Blockquote', 'Cascader', 'ColorInput', 'ColorPicker', 'Dialog', 'FloatingWindow'],
  ...['Mark', 'Marquee', 'Menubar', 'OverflowList', 'Rating', 'RollingNumber', 'Scroller'],
  ...['SemiCircleProgress', 'Slider', 'Splitter', 'Spoiler', 'TableOfContents', 'Toggle', 'Toolbar', 'Tour', 'Tree'],
  ...[
    'TreeSelect',
    'Typography',
    'EmptyState',
    'DataList',
    'RadioCard',
    'CheckboxCard',
    'BackgroundImage',
    'AspectRatio',
  ],
];

function withoutUnusedStyles(): Plugin {
  const partStyles = (part: string) =>
    readFileSync(fileURLToPath(import.meta.resolve(`@mantine/core/styles/${part}.css`)), 'utf8').trim();
  return {
    name: 'without-unused-styles',
    enforce: 'pre',
    load(id) {
      if (!id.endsWith('/@mantine/core/styles.css')) return undefined;
      return UNUSED_PARTS.map(partStyles).reduce(
        (all, part) => {
          if (!all.includes(part)) throw new Error('a part of Mantine has other styles than @mantine/core/styles.css');
          return all.replace(part, '');
        },
        readFileSync(id, 'utf8'),
      );
    },
  };
}

/** The broker that `npm run dashboard:dev` takes answers from. */
const BROKER = 'http://127.0.0.1:7717';

export default defineConfig({
  base: BASE,
  root: import.meta.dirname,
  plugins: [react(), firstPaint(), withoutUnusedStyles()],
  // Two copies of React do not know of each other's hooks.
  resolve: { dedupe: ['react', 'react-dom'] },
  build: {
    outDir: '../dist/dashboard',
    emptyOutDir: false,
    target: 'es2023',
    // Data URLs would need a hole in the policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The styles of a page whose script could not be loaded at first would not be asked for again.
    cssCodeSplit: false,
    chunkSizeWarningLimit: 900,
    reportCompressedSize: false,
  },
  server: {
    proxy: Object.fromEntries(
      ['/api', '/login', '/logout', '/assets', '/accounts', '/requests', '/device'].map((path) => [path, BROKER]),
    ),
  },
});

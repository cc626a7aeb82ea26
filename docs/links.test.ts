// Every link in every Markdown file of the repository leads somewhere: files exist, and so do the headings behind a `#`.
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const files = globSync('**/*.md', { cwd: root, exclude: ['**/node_modules/**', 'test/out/**', '**/dist/**'] });

/** Links and images of a Markdown text outside of code. */
function linksOf(markdown: string): string[] {
  const prose = markdown.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '');
  const inline = [...prose.matchAll(/\]\(([^()\s]+)\)/g)].map(([, target = '']) => target);
  const html = [...prose.matchAll(/(?:src|href|srcset)="([^"]+)"/g)].map(([, target = '']) => target);
  return [...inline, ...html];
}

/** GitHub's name for a heading. */
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}

test('the scanner finds links and anchors', () => {
  assert.deepEqual(linksOf('see [a](b.md#c) `[x](y)` <img src="d.svg">\n```\n[no](no.md)\n```\n'), ['b.md#c', 'd.svg']);
  assert.deepEqual(anchorsOf('## `public_url` and more'), ['public_url-and-more']);
  assert.ok(files.includes('README.md') && files.length > 5);
});

for (const file of files) {
  test(`the links of ${file} resolve`, () => {
    const text = readFileSync(join(root, file), 'utf8');
    const broken = linksOf(text).filter((link) => {
      if (/^(https?|mailto):/.test(link)) return !URL.canParse(link);
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? join(root, file) : join(root, dirname(file), decodeURIComponent(path));
      if (!existsSync(target)) return true;
      if (anchor === undefined || statSync(target).isDirectory()) return false;
      return !anchorsOf(readFileSync(target, 'utf8')).includes(anchor);
    });
    assert.deepEqual(broken, []);
  });
}

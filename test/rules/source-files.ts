// The repository's own TypeScript sources with what they import, for the rules that are tested here.
import { globSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { REPOSITORY } from '../step.ts';

export interface SourceFile {
  /** Relative to the repository's root, with `/`. */
  path: string;
  text: string;
  /** Repository paths, package names (`ws`, `@scope/name`) and built-ins (`node:net`); type imports count too. */
  imports: readonly string[];
  /** Those of `imports` that are needed at run time. */
  valueImports: readonly string[];
  isTest: boolean;
}

const FOLDERS = ['shared/src', 'cli/src', 'broker/src', 'broker/quickstart', 'broker/dashboard', 'test'];
const SPECIFIER = /(?:^|[;}\s])(?:import|export)\b[^'"`;]*?from\s*['"]([^'"]+)['"]|\bimport\s*\(?\s*['"]([^'"]+)['"]/g;

const TYPE_IMPORT = /^(?:import|export) type [^;]*;$/gm;

/** `./x.ts` seen from `path` and `mcpgate-shared/x` become repository paths; packages lose what is behind their name. */
function resolveSpecifier(path: string, specifier: string): string {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(path), specifier);
  if (specifier.startsWith('mcpgate-shared/')) return `shared/src/${specifier.slice('mcpgate-shared/'.length)}.ts`;
  if (specifier.startsWith('node:')) return specifier;
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

export function importsOf(path: string, text: string): string[] {
  const code = text.replaceAll(/^\s*\/\/.*$/gm, '').replaceAll(/^\s*\/?\*.*$/gm, '');
  return [...code.matchAll(SPECIFIER)].map((match) => resolveSpecifier(path, match[1] ?? match[2] ?? ''));
}

export function readSourceFiles(): SourceFile[] {
  return FOLDERS.flatMap((folder) => globSync(`${folder}/**/*.{ts,tsx}`, { cwd: REPOSITORY }))
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => !path.includes('node_modules/') && !path.startsWith('test/out/'))
    .sort()
    .map((path) => {
      const text = readFileSync(`${REPOSITORY}${path}`, 'utf8');
      const isTest = path.endsWith('.test.ts') || path.startsWith('test/') || /\/(testing|fixtures)\//.test(path);
      const withoutTypes = text.replaceAll(TYPE_IMPORT, '');
      return { path, text, imports: importsOf(path, text), valueImports: importsOf(path, withoutTypes), isTest };
    });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asciiLetters } from './ascii-letters.ts';

test('letters lose their marks, and those that have none to lose are spelled out', () => {
  for (const [text, plain] of [
    ['Müßig', 'Mussig'],
    ['Mu\u0308nchen', 'Munchen'],
    ['ŁÓDŹ', 'LODZ'],
    ['Ærø, Œuvre, Þór', 'AEro, OEuvre, THor'],
    ['ＴＯＫＥＮ', 'TOKEN'],
    ['contraseña', 'contrasena'],
    ['日本 v2', '日本 v2'],
  ] as const) {
    assert.equal(asciiLetters(text), plain);
  }
});

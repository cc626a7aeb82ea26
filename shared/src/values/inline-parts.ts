// The parts of a text that has no other form but holds settings here and there: a program's options in one variable (`--url … --api-key x`,
// `-Da.password=x`), settings between blanks (`user="a" password="b";`), a command for another computer, headers after a semicolon.
import { asItIs, type Part, type Spot, type Structure } from './spot.ts';
import { isName } from './plain-word.ts';
import { withoutPlaceholders } from './secret-reference.ts';

const SETTING =
  /(?<![\w.@-])(--?|\/|\$env:)?([A-Za-z_][\w.-]*)((?:["']\])?[ \t]?=[ \t]?|["']\][ \t]*,[ \t]*|:[ \t]+|:(?=[^\s/\\:])|[ \t]+)((?:(?:bearer|basic|token|apikey)[ \t]+)?(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"'-][^\s"']*|-[^\s"'A-Za-z-][^\s"']*))/gi;

/** The values of the settings in `text`; undefined where there are none. */
export function inlineParts(text: string, { label }: Spot): Structure | undefined {
  const shape = withoutPlaceholders(text);
  const parts: Part[] = [];
  const settings = new RegExp(SETTING);
  for (let match = settings.exec(shape); match !== null; match = settings.exec(shape)) {
    const [whole, dashes = '', name = '', separator = '', value = ''] = match;
    // Two words beside each other are a setting only where the first is a flag; so are words around a colon.
    if (dashes === '' && !/[=\]]|:[ \t]/.test(separator)) {
      settings.lastIndex = match.index + name.length;
      continue;
    }
    const quote = /^(["'])[^]*\1$/.test(value) ? 1 : 0;
    const tail = quote === 1 ? 0 : (/[;,]*$/.exec(value)?.[0].length ?? 0);
    const end = match.index + whole.length - tail - quote;
    const start = match.index + whole.length - value.length + quote;
    if (end <= start || !isName(name) || /^=*$/.test(shape.slice(start, end))) continue;
    const spot: Spot = { kind: 'pair', name: name.replace(/^D(?=[a-z]+\.)/, ''), label: `${label}, ${name}` };
    const bad = quote === 1 ? /["'\\\r\n]/ : /[\s"'\\;,&|<>()$`]/;
    const where = quote === 1 ? 'a text in quotes' : 'a text with blanks';
    parts.push({ start, end, spot, spelling: asItIs(where, (each) => !bad.test(each)) });
  }
  return parts.length === 0 ? undefined : { parts, between: asItIs(label) };
}

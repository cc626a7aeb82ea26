// `npm run dashboard:pictures`: every page of the dashboard in both themes, from a lively world, into docs/images.
import { join } from 'node:path';
import { REPOSITORY } from '../step.ts';
import { openLivelyWorld } from './lively-world.ts';
import { launchChromium, signIn } from './person-at-dashboard.ts';

interface Picture {
  /** The name of the file, without theme and ending. */
  name: string;
  path: string;
  as: string;
}

/** A new page gets its line here. */
const PICTURES: readonly Picture[] = [
  { name: 'overview', path: '/overview', as: 'grace.hopper' },
  { name: 'servers', path: '/servers', as: 'grace.hopper' },
  { name: 'server', path: '/servers/github', as: 'grace.hopper' },
  { name: 'me', path: '/me', as: 'ada.lovelace' },
];

const [only = 'all', folder = join(REPOSITORY, 'docs/images'), width = '1440'] = process.argv.slice(2);
const lively = await openLivelyWorld();
const browser = await launchChromium();
try {
  for (const dark of [false, true]) {
    for (const name of new Set(PICTURES.map(({ as }) => as))) {
      const person = await signIn(browser, lively, name, { dark, width: Number(width) });
      for (const picture of PICTURES.filter(({ as, name: each }) => as === name && (only === 'all' || only === each))) {
        await person.open(picture.path);
        const file = join(folder, `dashboard-${picture.name}-${dark ? 'dark' : 'light'}.png`);
        await person.page.screenshot({ path: file, fullPage: true });
        process.stdout.write(`${file}\n`);
      }
      for (const complaint of new Set(person.complaints)) process.stderr.write(`${complaint}\n`);
      await person.close();
    }
  }
} finally {
  await browser.close();
  await lively.close();
}

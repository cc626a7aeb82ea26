// `npm run dashboard:frames`: how long the frames take in which the matrix of 10,000 people and 1,000 tools is scrolled, in Chromium on a real broker that
// is asked for each part; what it answers is made up here. Without a graphics card, so that a person's browser is faster. Beside the time from frame to frame,
// which other work on the machine makes longer, it says how much the page itself worked for each: a screen shows 60 frames a second where that is below 16 ms.
import type { Page } from 'playwright-core';
import { launchChromium } from '../world/browser/launch-chromium.ts';
import { openLivelyWorld } from './lively-world.ts';
import { signIn } from './person-at-dashboard.ts';

const PEOPLE = 10_000;
const TOOLS = 1_000;
/** How far each frame scrolls, in px: a page turned slowly, a wheel turned fast, a bar that is dragged. */
const SPEEDS = [40, 400, 1_500] as const;
const FRAMES = 180;

async function answerParts(page: Page): Promise<void> {
  await page.route('**/api/v1/rules/matrix?*', async (route) => {
    const query = new URL(route.request().url()).searchParams;
    const part = (name: string, most: number, label: (at: number) => string): string[] => {
      const from = Number(query.get(`${name}_from`) ?? 0);
      const count = Math.min(Number(query.get(`${name}_most`) ?? most), most - from);
      return Array.from({ length: count }, (_, at) => label(from + at));
    };
    const who = part('people', PEOPLE, (at) => `user:person-${at}`);
    const what = part('things', TOOLS, (at) => `server-${Math.floor(at / 20)}__tool_${at}`);
    const rows = (['allow', 'deny', 'ask'] as const).map((decision, look) => ({
      who: who.filter((_, at) => at % 3 === look),
      what,
      decisions: [decision],
      rules: [`r_${look}`],
    }));
    const facts = { policy_version: 1, enforcement: 'enforce', people: PEOPLE, things: TOOLS, never_listed: [] };
    await route.fulfill({ json: { ...facts, rows, shown: { who, what } } });
  });
}

/** The time from each frame to the next, in ms, sorted; while nothing scrolls where `px` is 0. */
const framesOf = (page: Page, px: number): Promise<number[]> =>
  page.evaluate<number[]>(`(async () => {
    const box = document.querySelector('[role=grid]');
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    box.scrollTop = 0;
    for (let each = 0; each < 30; each += 1) await frame();
    const took = [];
    let before = await frame();
    for (let each = 0; each < ${FRAMES}; each += 1) {
      box.scrollTop += ${px};
      const now = await frame();
      took.push(now - before);
      before = now;
    }
    return took.sort((one, other) => one - other);
  })()`);

const lively = await openLivelyWorld();
const browser = await launchChromium();
try {
  const { page, open } = await signIn(browser, lively, 'grace.hopper');
  await answerParts(page);
  await open('/access?tab=matrix');
  await page.getByRole('gridcell', { name: 'user:person-0, server-0__tool_0: allowed' }).waitFor();
  const tools = await page.context().newCDPSession(page);
  await tools.send('Performance.enable', { timeDomain: 'threadTicks' });
  /** Processor time of the thread that runs the page's scripts, in ms. */
  const worked = async (): Promise<number> => {
    const { metrics } = await tools.send('Performance.getMetrics');
    return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0) * 1_000;
  };
  const columns = ['px a frame', 'work a frame', 'median', 'of 95 in 100', 'longest', 'over 50 ms'];
  process.stdout.write(`| ${columns.join(' | ')} |\n|${' --- |'.repeat(columns.length)}\n`);
  for (const px of [0, ...SPEEDS]) {
    const before = await worked();
    const took = await framesOf(page, px);
    const work = ((await worked()) - before) / took.length;
    const at = (share: number) => `${(took[Math.floor((took.length - 1) * share)] ?? 0).toFixed(0)} ms`;
    const long = took.filter((ms) => ms > 50).length;
    process.stdout.write(
      `| ${px} | ${work.toFixed(1)} ms | ${at(0.5)} | ${at(0.95)} | ${at(1)} | ${long} of ${took.length} |\n`,
    );
  }
} finally {
  await browser.close();
  await lively.close();
}

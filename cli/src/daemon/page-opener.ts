// Opens pages for the person where the broker asks for it, because a call of theirs needs something that only they can do: pages of that very broker
// about accounts and nothing else, each at most once a minute.
import type { Clock } from 'mcpgate-shared/clock';
import { createRateBound } from 'mcpgate-shared/rate-bound';
import type { Browser } from '../laptop/browser.ts';
import type { DaemonLog } from './daemon-log.ts';

export interface PageOpener {
  /** Whether the person would see a page. */
  available(): Promise<boolean>;
  /** `broker`: its origin. Never rejects; a page that is not opened is logged. */
  open(url: string, broker: string): Promise<void>;
}

const PAUSE_MS = 60_000;
/** Of all pages: more than a person can use, and less than would keep them from working. */
const RATE = { burst: 10, perSecond: 1 / 6 };
const PATH = /^\/accounts(\/[\w-]{1,64}){0,2}$/;

export function createPageOpener(options: {
  clock: Pick<Clock, 'now'>;
  log: DaemonLog;
  browser(): Promise<Browser>;
}): PageOpener {
  const { clock, log } = options;
  const openedAt = new Map<string, number>();
  const mayOpen = createRateBound(RATE, () => clock.now());

  return {
    available: async () => (await options.browser()).available,
    async open(url, broker) {
      const page = pageOf(url, broker);
      if (page === undefined)
        return log.warn('the broker wanted a page opened that is not one of its own about accounts');
      for (const [known, at] of openedAt) if (clock.now() - at >= PAUSE_MS) openedAt.delete(known);
      if (openedAt.has(page) || !mayOpen()) return;
      openedAt.set(page, clock.now());
      const browser = await options.browser();
      const isOpened = browser.available && (await browser.open(page));
      log.info(isOpened ? `opened ${page}` : `no browser could be started for ${page}`);
    },
  };
}

function pageOf(url: string, broker: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { origin, pathname, href } = new URL(url);
  if (origin !== new URL(broker).origin || !PATH.test(pathname)) return undefined;
  // Nothing else than origin and path: no user, query or fragment.
  return href === origin + pathname ? href : undefined;
}

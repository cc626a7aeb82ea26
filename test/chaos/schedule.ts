// What is broken when: a list that depends on the seed and the length alone. Faults of one lane follow each other; lanes overlap.
import { createRandom } from './random.ts';

/** Each lane's kinds of fault. */
export const LANES = {
  /** What lies between the laptop and the broker. */
  network: ['cut', 'half-open', 'stall', 'throttle', 'delay', 'shred'],
  daemon: ['daemon-kill', 'daemon-sleep'],
  broker: ['broker-drain', 'broker-kill'],
} as const;
export type Lane = keyof typeof LANES;
export type FaultKind = (typeof LANES)[Lane][number];

export interface Fault {
  lane: Lane;
  kind: FaultKind;
  atMs: number;
  /** For those that last. */
  lastsMs: number;
  /** In [0, 1): how bad, in the kind's own measure. */
  strength: number;
}

/** Of each kind, in a minute. */
const PER_MINUTE = 20;
/** Nothing happens before: everyone is connected and has called once. */
const CALM_MS = 500;

const LASTS_MS: Partial<Record<FaultKind, readonly [number, number]>> = {
  'half-open': [200, 900],
  stall: [100, 700],
  throttle: [200, 900],
  delay: [200, 900],
  shred: [200, 900],
  'daemon-sleep': [100, 700],
};

export function planFaults(seed: number, seconds: number): Fault[] {
  const random = createRandom(seed);
  const count = Math.ceil((PER_MINUTE * seconds) / 60);
  const lanes = Object.keys(LANES) as Lane[];
  return lanes
    .flatMap((lane) => {
      const kinds = random.shuffled(LANES[lane].flatMap((kind) => Array.from({ length: count }, () => kind)));
      const slotMs = (seconds * 1_000 - CALM_MS) / kinds.length;
      return kinds.map((kind, index): Fault => {
        const [least, most] = LASTS_MS[kind] ?? [0, 0];
        return {
          lane,
          kind,
          atMs: Math.round(CALM_MS + (index + random.next()) * slotMs),
          lastsMs: random.whole(least, most),
          strength: random.next(),
        };
      });
    })
    .sort((a, b) => a.atMs - b.atMs);
}

// What is wrong with a server's list, for its administrators: what is wrong with the whole, then the first lines about its entries, and how
// many more there are.

const MAX_LINES = 20;
const MAX_CHARS = 400;

export interface Faults {
  /** Of an entry; said once. */
  add(line: string): void;
  /** Of the list itself: few, and never left out. */
  addOfList(line: string): void;
  readonly lines: readonly string[];
}

export function createFaults(): Faults {
  const ofList: string[] = [];
  const first = new Set<string>();
  let more = 0;
  const short = (line: string) => (line.length > MAX_CHARS ? `${line.slice(0, MAX_CHARS)}…` : line);
  return {
    add(line) {
      if (first.size < MAX_LINES) first.add(short(line));
      else if (!first.has(short(line))) more++;
    },
    addOfList: (line) => void ofList.push(short(line)),
    get lines() {
      return [...new Set([...ofList, ...first]), ...(more === 0 ? [] : [`and ${more} more`])];
    },
  };
}

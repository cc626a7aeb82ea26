// Puts pairs of people and things together that are alike, so that many of them are few lines: things of one person first, then people with the same.
export interface Folded<Label> {
  label: Label;
  who: string[];
  what: string[];
}

export interface Folder<Label> {
  add(who: string, what: string, label: Label): void;
  lines(): Folded<Label>[];
}

export function createFolder<Label>(): Folder<Label> {
  const byKey = new Map<string, { label: Label; byPerson: Map<string, string[]> }>();
  return {
    add(who, what, label) {
      const key = JSON.stringify(label);
      const { byPerson } = byKey.get(key) ?? { byPerson: new Map<string, string[]>() };
      byKey.set(key, { label, byPerson });
      const things = byPerson.get(who);
      if (things === undefined) byPerson.set(who, [what]);
      else things.push(what);
    },
    lines: () =>
      [...byKey.values()].flatMap(({ label, byPerson }) => {
        const byThings = new Map<string, Folded<Label>>();
        for (const [who, what] of byPerson) {
          const key = JSON.stringify(what);
          const line = byThings.get(key);
          if (line === undefined) byThings.set(key, { label, who: [who], what });
          else line.who.push(who);
        }
        return [...byThings.values()];
      }),
  };
}

// The outline of a JSON-RPC message: the objects and arrays whose contents the broker reads. When a large message is cut (json-cutter.ts),
// their contents stay in its text. An object or array that the outline does not name is taken out whole, as a piece.

/** What the broker reads of one object or array. */
export interface Outline {
  /** Strings that are direct members stay whole: names, ids, tokens. Other strings keep their beginning only. */
  readonly wholeStrings?: boolean;
  /** The members that hold objects or arrays which the broker reads too, by key. */
  readonly members?: Readonly<Record<string, Outline>>;
  /** For an array: the outline of each item. From the 65th item on, items without a reserved word are taken out in runs (item-run.ts). */
  readonly items?: Outline;
  /** Members of the object that stay; the ones after them are taken out. */
  readonly maxMembers?: number;
}

/** The broker reads the keys of `_meta`, and which resource shows the result. */
const META: Outline = { members: { ui: {} } };
const RESOURCE: Outline = { members: { _meta: META } };
const CONTENT: Outline = { members: { _meta: META, resource: RESOURCE } };

export const MESSAGE_OUTLINE: Outline = {
  wholeStrings: true,
  members: {
    params: {
      wholeStrings: true,
      members: {
        _meta: { wholeStrings: true },
        // The record of a call names fewer arguments than this.
        arguments: { maxMembers: 256 },
      },
    },
    result: {
      members: {
        _meta: META,
        content: { items: CONTENT },
        contents: { items: RESOURCE },
        messages: {
          items: {
            members: { _meta: META, content: { members: { _meta: META, resource: RESOURCE }, items: CONTENT } },
          },
        },
      },
    },
    error: {},
  },
};

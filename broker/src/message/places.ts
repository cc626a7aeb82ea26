// Which parts of a JSON-RPC message the broker looks into: these stay in the text of a large one. Containers that are not named here are
// taken out whole.

export interface Place {
  /** Strings directly in it stay whole: names, ids, tokens. Others keep their beginning only. */
  readonly wholeStrings?: boolean;
  readonly members?: Readonly<Record<string, Place>>;
  /** An array whose items are looked into; from the 65th on those without a reserved word are taken out in runs. */
  readonly items?: Place;
  /** Past so many members the rest of the object is taken out. */
  readonly maxMembers?: number;
}

/** Looked into for its keys. */
const META: Place = {};
const RESOURCE: Place = { members: { _meta: META } };
const CONTENT: Place = { members: { _meta: META, resource: RESOURCE } };

export const MESSAGE: Place = {
  wholeStrings: true,
  members: {
    params: {
      wholeStrings: true,
      members: {
        _meta: { wholeStrings: true },
        // More than the audit record names.
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

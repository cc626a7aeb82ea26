// A part of a list that may be long, as the store reads it: so many of what stands behind a place in its order.

/** A place in the order of time; `id` tells those of one moment apart. */
export interface InTime {
  /** Ms since the epoch. */
  at: number;
  id: string;
}

export interface Part<Place> {
  /** Undefined: from the beginning. */
  after: Place | undefined;
  limit: number;
}

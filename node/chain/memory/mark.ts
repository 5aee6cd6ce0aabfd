/** Brings something back to what it was when this was made; to be called once. */
export type Undo = () => void;

/** What a map holds now, to be put back. */
export function markMap<Key, Value>(map: Map<Key, Value>): Undo {
  const kept = structuredClone([...map]);
  return () => {
    map.clear();
    for (const [key, value] of kept) map.set(key, value);
  };
}

export function allOf(...undo: readonly Undo[]): Undo {
  return () => {
    for (const one of undo) one();
  };
}

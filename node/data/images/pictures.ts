import type { Place } from "../fault.ts";
import type { Raster } from "./raster.ts";

export interface Picture {
  readonly raster: Raster;
  /** The class by its number, or by its name where the source has names. */
  readonly label: number | string;
  readonly place: Place;
}

/** Pictures with their classes, one in memory at a time. */
export interface Pictures extends Iterable<Picture> {
  /** The folder or file, for messages. */
  readonly source: string;
  readonly count: number;
  /** What the classes are called, in order, where the source says; as many as its labels ask for, at least two. */
  readonly classNames: readonly string[];
}

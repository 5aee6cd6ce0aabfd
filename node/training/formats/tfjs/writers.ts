import type { Node } from "../../graph/graph.ts";
import type { Walk } from "./walk.ts";

/** Writes a node that reads the walk's value as layers, and moves the walk behind it. */
export type Writer = (walk: Walk, node: Node) => void;
export type Writers = Readonly<Record<string, Writer>>;

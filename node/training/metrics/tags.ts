import { PacelineError } from "../../core/errors.ts";

/**
 * Tags of the IOB schemes, and where entities begin and end in a row of them (Ramshaw and Marcus, 1995; the rules are those of
 * `conlleval`, Tjong Kim Sang and Buchholz, "Introduction to the CoNLL-2000 shared task: chunking", 2000). They read IOB1, IOB2
 * and any mixture: an I- that follows nothing of its type begins an entity.
 */
export interface Tag {
  readonly prefix: "B" | "I" | "O";
  /** "" for O, and for a bare B or I. */
  readonly type: string;
}

export const OUTSIDE: Tag = { prefix: "O", type: "" };

/** @throws PacelineError `bad-input` naming the tag that is not of an IOB scheme */
export function parseTag(name: string): Tag {
  const [, prefix, type = ""] = /^([BIO])(?:-(.*))?$/su.exec(name) ?? [];
  if (prefix === undefined || (prefix === "O" && name !== "O"))
    throw new PacelineError("bad-input", `tag "${name}": entity-f1 reads O, B-TYPE and I-TYPE (IOB1 or IOB2) only`);
  return { prefix: prefix as Tag["prefix"], type };
}

/** Whether an entity begins with `tag`, which follows `previous`. */
export function startsEntity(previous: Tag, tag: Tag): boolean {
  if (tag.prefix === "O") return false;
  return tag.prefix === "B" || previous.prefix === "O" || previous.type !== tag.type;
}

/** Whether an entity that `previous` belongs to is over when `tag` follows. */
export function endsEntity(previous: Tag, tag: Tag): boolean {
  if (previous.prefix === "O") return false;
  return tag.prefix !== "I" || previous.type !== tag.type;
}

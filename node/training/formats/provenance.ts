/** Where params come from; written into every file that a model is exported to. */
export interface Provenance {
  /** Rounds of the job that are in the params. */
  readonly round: number;
  /** The job's address and chain, or its name. */
  readonly job: string;
  readonly modelId: string;
}

/** As text by text, which is all that the formats' metadata can hold. */
export function provenanceEntries({ round, job, modelId }: Provenance): Readonly<Record<string, string>> {
  return { producer: "paceline", round: String(round), job, modelId };
}

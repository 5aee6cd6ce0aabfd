/** A contract in which the fields `F`, that a sample may fill in, are filled in. */
export type Fitted<Contract, F extends keyof Contract> = Omit<Contract, F> & {
  [Field in F]-?: Exclude<Contract[Field], undefined>;
};

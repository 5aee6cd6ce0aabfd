/** What a model must fit: the parts of one example as a contract's reader lays them out (see dataset.ts). */
export interface ExampleShape {
  /** In the order of the model's inputs. */
  readonly inputs: readonly PartShape[];
  readonly targets: PartShape;
  /** 0 where targets are real numbers. */
  readonly classes: number;
}

export interface PartShape {
  readonly type: "float32" | "int32";
  /** Of one example's part; `[]` is a single number. */
  readonly shape: readonly number[];
}

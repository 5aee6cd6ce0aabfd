import { PacelineError } from "../../../core/errors.ts";

/** What the layers of a file share. */
export class LayerFile {
  /** Of Keras; some layers changed their meaning with 3. */
  readonly version: number;
  readonly #nodes = new Map<string, number>();

  constructor(version: number) {
    this.version = version;
  }

  /** Names of nodes must differ; those of one layer begin with its name. */
  nodeName(layer: string): string {
    const count = this.#nodes.get(layer) ?? 0;
    this.#nodes.set(layer, count + 1);
    return count === 0 ? layer : `${layer}/${count}`;
  }
}

/** Typed reading of a layer's config. Every error names the layer. */
export class LayerConfig {
  readonly name: string;
  readonly className: string;
  readonly file: LayerFile;
  readonly #config: Readonly<Record<string, unknown>>;

  constructor(name: string, className: string, config: Readonly<Record<string, unknown>>, file: LayerFile) {
    this.name = name;
    this.className = className;
    this.file = file;
    this.#config = config;
  }

  nodeName(): string {
    return this.file.nodeName(this.name);
  }

  all(): Readonly<Record<string, unknown>> {
    return this.#config;
  }

  raw(key: string): unknown {
    return this.#config[key] ?? undefined;
  }

  number(key: string, otherwise?: number): number {
    const value = this.raw(key) ?? otherwise;
    if (typeof value !== "number" || !Number.isFinite(value)) throw this.wrong(key, "a number");
    return value;
  }

  size(key: string, otherwise?: number): number {
    const value = this.number(key, otherwise);
    if (!Number.isSafeInteger(value) || value < 1 || value > 2 ** 24)
      throw this.wrong(key, "a whole number of 1 or more");
    return value;
  }

  flag(key: string, otherwise: boolean): boolean {
    const value = this.raw(key) ?? otherwise;
    if (typeof value !== "boolean") throw this.wrong(key, "true or false");
    return value;
  }

  text(key: string, otherwise?: string): string {
    const value = this.raw(key) ?? otherwise;
    if (typeof value !== "string") throw this.wrong(key, "a text");
    return value;
  }

  /** One a spatial axis; a single number stands for all. */
  sizes(key: string, rank: number, otherwise?: number | readonly number[]): readonly number[] {
    const value = this.raw(key) ?? otherwise;
    const list = typeof value === "number" ? Array.from({ length: rank }, () => value) : value;
    const right =
      Array.isArray(list) &&
      list.length === rank &&
      list.every((size) => Number.isSafeInteger(size) && (size as number) >= 1 && (size as number) <= 2 ** 20);
    if (!right) throw this.wrong(key, `${rank} whole numbers of 1 or more`);
    return list as readonly number[];
  }

  integers(key: string): readonly number[] {
    const value = this.raw(key);
    if (!Array.isArray(value) || !value.every(Number.isSafeInteger)) throw this.wrong(key, "a list of whole numbers");
    return value as readonly number[];
  }

  /** @throws PacelineError `unsupported` where the layer asks for it */
  refuse(key: string, why: string): void {
    const value = this.raw(key);
    if (value !== undefined && value !== false && value !== 0) throw this.unsupported(`${key}: ${why}`);
  }

  wrong(key: string, expected: string): PacelineError {
    return new PacelineError("bad-input", `${this.where()}: ${key} must be ${expected}`, { layer: this.name });
  }

  unsupported(what: string): PacelineError {
    return new PacelineError("unsupported", `${this.where()}: ${what}`, { layer: this.name });
  }

  where(): string {
    return `layer "${this.name}" (${this.className})`;
  }
}

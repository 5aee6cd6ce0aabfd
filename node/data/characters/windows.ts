import type { CharactersContract } from "../contract/characters.ts";
import type { Growing } from "../growing.ts";

export interface GrowingWindows {
  /** length characters an example. */
  readonly inputs: Growing<Int32Array>;
  /** The character behind each. */
  readonly targets: Growing<Int32Array>;
  /** Whose text an example is from. */
  readonly groups: Growing<Int32Array>;
}

type Sizes = Pick<CharactersContract, "length" | "stride">;

/** Cuts one text into examples while it is read; holds no more of it than one example. */
export class TextCutter {
  private readonly group: number;
  private readonly length: number;
  private readonly stride: number;
  private readonly windows: GrowingWindows;
  private held: number[] = [];
  /** Characters that no example asks for yet; the first of all is never asked for. */
  private fresh = -1;

  constructor(group: number, { length, stride = length }: Sizes, windows: GrowingWindows) {
    this.group = group;
    this.length = length;
    this.stride = stride;
    this.windows = windows;
  }

  push(character: number): void {
    this.held.push(character);
    this.fresh++;
    if (this.held.length <= this.length) return;
    this.emit();
    this.held = this.held.slice(this.stride);
    this.fresh = 0;
  }

  /** The rest of the text becomes an example that is padded with −1, and with whatever character in front of it. */
  end(): void {
    if (this.fresh > 0) this.emit();
  }

  private emit(): void {
    for (let i = 0; i < this.length; i++) {
      const target = this.held[i + 1] ?? -1;
      this.windows.inputs.push(target === -1 ? 0 : (this.held[i] as number));
      this.windows.targets.push(target);
    }
    this.windows.groups.push(this.group);
  }
}

import type { Address } from "../core/bytes.ts";

/** How long an answer of the registry is used again, in milliseconds: a refused peer that has just registered waits less. */
const ADMITTED_MS = 30_000;
const REFUSED_MS = 2_000;
const MAX_CACHED = 4_096;

/**
 * Whom one job lets connect: registered operators, but for those that were its members and are no more. Asks the registry once per
 * operator at a time; fails closed when it cannot be asked.
 */
export class Gate {
  readonly #isRegistered: (operator: Address) => Promise<boolean>;
  readonly #now: () => number;
  readonly #answers = new Map<Address, { readonly until: number; readonly admitted: boolean }>();
  readonly #asking = new Map<Address, Promise<boolean>>();
  #former: ReadonlySet<Address> = new Set();

  constructor(isRegistered: (operator: Address) => Promise<boolean>, now: () => number = () => performance.now()) {
    this.#isRegistered = isRegistered;
    this.#now = now;
  }

  /** In place of those named before; what the registry said is forgotten, for members may have changed their operators. */
  setFormer(operators: readonly Address[]): void {
    this.#former = new Set(operators);
    this.#answers.clear();
  }

  isFormer(operator: Address): boolean {
    return this.#former.has(operator);
  }

  async admits(operator: Address): Promise<boolean> {
    if (this.#former.has(operator)) return false;
    const known = this.#answers.get(operator);
    if (known !== undefined && this.#now() < known.until) return known.admitted;
    const asking = this.#asking.get(operator) ?? this.#ask(operator);
    this.#asking.set(operator, asking);
    return (await asking) && !this.#former.has(operator);
  }

  async #ask(operator: Address): Promise<boolean> {
    try {
      const admitted = await this.#isRegistered(operator);
      this.#remember(operator, admitted);
      return admitted;
    } catch {
      return false;
    } finally {
      this.#asking.delete(operator);
    }
  }

  #remember(operator: Address, admitted: boolean): void {
    this.#answers.delete(operator);
    this.#answers.set(operator, { until: this.#now() + (admitted ? ADMITTED_MS : REFUSED_MS), admitted });
    if (this.#answers.size > MAX_CACHED) this.#answers.delete(this.#answers.keys().next().value as Address);
  }
}

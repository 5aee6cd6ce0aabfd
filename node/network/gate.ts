import type { Address } from "../core/bytes.ts";

/** How long an answer of the registry is used again, in milliseconds: a refused peer that has just registered waits less. */
const ADMITTED_MS = 30_000;
const REFUSED_MS = 2_000;
const MAX_CACHED = 4_096;

/** Whose doing a question is: anybody has one put with a fresh key; this host puts those about members that it dials or has. */
export type Cause = "ours" | "theirs";

/**
 * Whom one job lets connect: registered operators, but for those that were its members and are no more. Asks the registry once per
 * operator at a time. When it cannot be asked, whom it knew before stays admitted, and nobody else is.
 */
export class Gate {
  readonly #isRegistered: (operator: Address) => Promise<boolean>;
  readonly #now: () => number;
  readonly #mayAsk: () => boolean;
  readonly #answers = new Map<Address, { readonly until: number; readonly admitted: boolean }>();
  readonly #asking = new Map<Address, Promise<boolean>>();
  /** Whom the registry knew when it was last asked, however long ago. Apart from the answers, which fresh keys can push out. */
  readonly #known = new Set<Address>();
  #former: ReadonlySet<Address> = new Set();

  /** @param mayAsk called before a question about somebody whom the registry is not known to know, and that others caused */
  constructor(
    isRegistered: (operator: Address) => Promise<boolean>,
    now: () => number = () => performance.now(),
    mayAsk: () => boolean = () => true,
  ) {
    this.#isRegistered = isRegistered;
    this.#now = now;
    this.#mayAsk = mayAsk;
  }

  /** In place of those named before; what the registry said is asked anew, for members may have changed their operators. */
  setFormer(operators: readonly Address[]): void {
    this.#former = new Set(operators);
    this.#answers.clear();
    for (const operator of operators) this.#known.delete(operator); // what members say wins, also when they name others next
  }

  isFormer(operator: Address): boolean {
    return this.#former.has(operator);
  }

  /** Without asking: whether the registry knew the operator when it was last asked. */
  knows(operator: Address): boolean {
    return this.#known.has(operator);
  }

  async admits(operator: Address, cause: Cause = "theirs"): Promise<boolean> {
    if (this.#former.has(operator)) return false;
    const answer = this.#answers.get(operator);
    if (answer !== undefined && this.#now() < answer.until) return answer.admitted;
    return (await this.#asked(operator, cause)) && !this.#former.has(operator);
  }

  #asked(operator: Address, cause: Cause): Promise<boolean> {
    const running = this.#asking.get(operator);
    if (running !== undefined) return running;
    if (cause === "theirs" && !this.#known.has(operator) && !this.#mayAsk()) return Promise.resolve(false);
    const asking = this.#ask(operator);
    this.#asking.set(operator, asking);
    return asking;
  }

  async #ask(operator: Address): Promise<boolean> {
    try {
      const admitted = await this.#isRegistered(operator);
      this.#remember(operator, admitted);
      return admitted;
    } catch {
      return this.#known.has(operator);
    } finally {
      this.#asking.delete(operator);
    }
  }

  #remember(operator: Address, admitted: boolean): void {
    this.#answers.delete(operator);
    this.#answers.set(operator, { until: this.#now() + (admitted ? ADMITTED_MS : REFUSED_MS), admitted });
    if (this.#answers.size > MAX_CACHED) this.#answers.delete(this.#answers.keys().next().value as Address);
    this.#known.delete(operator);
    if (admitted && !this.#former.has(operator)) this.#known.add(operator);
    if (this.#known.size > MAX_CACHED) this.#known.delete(this.#known.values().next().value as Address);
  }
}

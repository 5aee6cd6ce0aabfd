import type { Address } from "../core/bytes.ts";
import { Bans } from "./bans.ts";
import type { Cause, Gate } from "./gate.ts";

/** A member or watcher takes part; a stranger may fetch blobs of jobs that serve strangers. */
export type Admission = "member" | "stranger" | "refused";

interface AdmittingJob {
  readonly gate: Gate;
  readonly servesStrangers: boolean;
}

/** Strangers connected at a time. */
const MAX_STRANGERS = 32;

/** Whom the jobs of a host admit together, and which of those connected are strangers. */
export class Admissions {
  readonly #jobs: () => Iterable<AdmittingJob>;
  readonly #bans: Bans;
  readonly #strangers = new Set<Address>();

  constructor(jobs: () => Iterable<AdmittingJob>, bans = new Bans()) {
    this.#jobs = jobs;
    this.#bans = bans;
  }

  async of(operator: Address, cause: Cause = "theirs"): Promise<Admission> {
    if (this.#bans.isBanned(operator)) return "refused";
    for (const { gate } of this.#jobs()) if (await gate.admits(operator, cause)) return "member";
    for (const { gate, servesStrangers } of this.#jobs())
      if (servesStrangers && !gate.isFormer(operator)) return "stranger";
    return "refused";
  }

  async isMember(operator: Address, cause?: Cause): Promise<boolean> {
    return (await this.of(operator, cause)) === "member";
  }

  /** Asked in the handshake. Notes nothing: it may yet fail, of which nobody would tell. */
  async mayEnter(operator: Address): Promise<boolean> {
    const admission = await this.of(operator);
    return admission === "member" || (admission === "stranger" && this.#hasRoomFor(operator));
  }

  /**
   * A connection of the operator is open. Whoever no registry is known to know is a stranger, until its last connection has closed: it
   * may have had others when it was let in, and lost them since.
   * @returns false where there are too many
   */
  entered(operator: Address): boolean {
    if ([...this.#jobs()].some(({ gate }) => gate.knows(operator))) return true;
    if (!this.#hasRoomFor(operator)) return false;
    this.#strangers.add(operator);
    return true;
  }

  /** Its last connection has closed. */
  left(operator: Address): void {
    this.#strangers.delete(operator);
  }

  /** Of one that is connected. */
  isStranger(operator: Address): boolean {
    return this.#strangers.has(operator);
  }

  /** Whether a connected operator is still what it was when it came. */
  async isUnchanged(operator: Address): Promise<boolean> {
    const admission = await this.of(operator, this.isStranger(operator) ? "theirs" : "ours");
    return admission === (this.isStranger(operator) ? "stranger" : "member");
  }

  #hasRoomFor(operator: Address): boolean {
    return this.#strangers.has(operator) || this.#strangers.size < MAX_STRANGERS;
  }
}

/** Of a count of rejected messages: the fourth within half a minute or so brings a peer to gossipsub's graylist (−160). */
const REJECTED_WEIGHT = -10;
/** Somewhat above four, as counts decay between one message and the next: gossipsub does not listen to such a peer any more. */
const BAN_SCORE = -140;
/** What is left of a count after a second. */
const DECAY_A_SECOND = 0.97;
/** A count that has decayed to this is forgotten. */
const FORGOTTEN_BELOW = 0.1;
const MAX_PEERS = 4_096;

/**
 * What is held against each peer, by PeerId: its rejected messages of all topics, squared, as gossipsub v1.1 counts invalid messages
 * (P4). Kept when the peer disconnects, so that coming again is no pardon.
 */
export class PeerScores {
  readonly #now: () => number;
  readonly #counts = new Map<string, { readonly count: number; readonly at: number }>();

  /** @param now milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** @returns whether it has come so far that it is to be kept out */
  reject(peer: string): boolean {
    const count = this.#countOf(peer) + 1;
    this.#counts.delete(peer);
    this.#counts.set(peer, { count, at: this.#now() });
    if (this.#counts.size > MAX_PEERS) this.#counts.delete(this.#counts.keys().next().value as string);
    return this.score(peer) <= BAN_SCORE;
  }

  /** At most 0. */
  score(peer: string): number {
    const count = this.#countOf(peer);
    return count === 0 ? 0 : REJECTED_WEIGHT * count * count;
  }

  #countOf(peer: string): number {
    const known = this.#counts.get(peer);
    if (known === undefined) return 0;
    const count = known.count * DECAY_A_SECOND ** ((this.#now() - known.at) / 1000);
    if (count >= FORGOTTEN_BELOW) return count;
    this.#counts.delete(peer);
    return 0;
  }
}

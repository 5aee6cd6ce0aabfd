import { PacelineError } from "../../../node/core/errors.ts";
import type { Hex } from "../../../node/core/bytes.ts";
import { decodeAggregate, encodeAggregate, encodeUpdate } from "../../../node/core/fixedPoint.ts";

import type { ParticipantContext } from "../../../node/daemon/context.ts";
import { Stopwatch } from "../../../node/daemon/stopwatch.ts";
import type { BlobShape } from "../../../node/network/network.ts";
import type { VirtualFederation } from "./federation.ts";
import type { VirtualPeer } from "./peer.ts";

/** A virtual peer as the daemon's effects see a participant: what goes to the court is made by the same code. */
export function contextOf(federation: VirtualFederation, peer: VirtualPeer): ParticipantContext {
  const { chain, disk } = peer;
  const { vectorLength } = federation.terms;
  const context = {
    chain,
    stopwatch: new Stopwatch(() => federation.now),
    signal: new AbortController().signal,
    state: () => peer.state,
    dispatch: (event: Parameters<ParticipantContext["dispatch"]>[0]) => federation.dispatch(peer, event),
    aggregate: undefined,
    network: {
      peers: () => federation.peers.map(({ account }) => account.operator).filter((each) => each !== chain.operator),
      fetchBlob: async ({ root, leafBytes }: BlobShape, holders: readonly Hex[]) => {
        const found = federation.ask(peer, root, leafBytes > 256 ? "aggregate" : "update", holders);
        if (found === undefined) throw new PacelineError("not-found", "nobody gives it");
        return found;
      },
    },
    storage: {
      putBlob: async (root: Hex, bytes: Uint8Array) =>
        void disk.aggregateBlobs.set(root, decodeAggregate(bytes, vectorLength)),
    },
    updates: {
      read: async (root: Hex) => disk.updateBlobs.get(root),
      readBlob: async (root: Hex) => blobOf(peer, root),
      keep: async (root: Hex, values: Int16Array) => void disk.updateBlobs.set(root, values),
      keepAggregate: () => undefined,
    },
  };
  return context as unknown as ParticipantContext;
}

/** The bytes of whatever a peer holds under a root. */
export function blobOf({ disk }: VirtualPeer, root: Hex): Uint8Array | undefined {
  const [update, aggregate] = [disk.updateBlobs.get(root), disk.aggregateBlobs.get(root)];
  if (update !== undefined) return encodeUpdate(update);
  return aggregate === undefined ? undefined : encodeAggregate(aggregate);
}

import { z } from "zod";
import { toAddress, type Address } from "../../core/bytes.ts";
import type { KnownPeer, PeerStore } from "../../network/peers/peerStore.ts";
import type { Storage } from "../../storage/storage.ts";

const KIND = "peer";

const knownPeer = z.object({
  operator: z
    .string()
    .regex(/^0x[0-9a-f]{40}$/)
    .transform(toAddress),
  worked: z.array(z.string().max(256)).max(16),
  record: z.string().max(4_096).optional(),
  seen: z.number(),
  failures: z.int().min(0),
});

/** What is known of peers, as records of kind "peer", by operator. What does not read as one is forgotten. */
export function createPeerStore(storage: Pick<Storage, "put" | "delete" | "entries">): PeerStore {
  return {
    load(): readonly KnownPeer[] {
      return storage.entries(KIND).flatMap(([key, value]) => {
        const parsed = knownPeer.safeParse(value);
        if (parsed.success && parsed.data.operator === key) return [parsed.data];
        storage.delete(KIND, key);
        return [];
      });
    },
    save: (peer) => attempt(() => storage.put(KIND, peer.operator, peer)),
    remove: (operator: Address) => attempt(() => storage.delete(KIND, operator)),
  };
}

/** A full disk, or one that is closed already, costs no more than a search for peers after the next start. */
function attempt(write: () => void): void {
  try {
    write();
  } catch {
    // Whoever needs this storage for more says that it fails.
  }
}

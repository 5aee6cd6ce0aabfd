import type { PeerId } from "@libp2p/interface";
import { peerIdFromPublicKey } from "@libp2p/peer-id";
import { PeerRecord, RecordEnvelope } from "@libp2p/peer-record";
import type { Address } from "../../core/bytes.ts";
import { messageOf, PacelineError } from "../../core/errors.ts";
import { MAX_ADDRESSES } from "../addresses.ts";
import { operatorOf } from "../identity.ts";

export const MAX_RECORD_BYTES = 2_048;

/** Where an operator says that it is, signed by its key. */
export interface SignedAddresses {
  readonly operator: Address;
  /** Milliseconds since the epoch at signing; the newest wins. */
  readonly sequence: bigint;
  /** With the operator's peer at their end. */
  readonly addresses: readonly string[];
  /** As it is signed (libp2p RFC 0002, "signed envelopes", and RFC 0003, "peer routing records"). */
  readonly envelope: Uint8Array;
}

/** @throws PacelineError `bad-message` unless it is the signed record of the key that it names, of a bounded size */
export async function openRecord(envelope: Uint8Array): Promise<SignedAddresses> {
  if (envelope.length > MAX_RECORD_BYTES)
    throw new PacelineError(
      "bad-message",
      `a peer record has at most ${MAX_RECORD_BYTES} bytes, got ${envelope.length}`,
    );
  const { record, signer } = await certified(envelope);
  if (!record.peerId.equals(signer))
    throw new PacelineError("bad-message", `${signer.toString()} signed a peer record of ${record.peerId.toString()}`);
  return {
    operator: operatorOf(signer),
    sequence: record.seqNumber,
    addresses: record.multiaddrs
      .slice(0, MAX_ADDRESSES)
      .map((address) => `${address.toString().replace(/\/p2p\/[^/]+$/, "")}/p2p/${signer.toString()}`),
    envelope,
  };
}

async function certified(envelope: Uint8Array): Promise<{ readonly record: PeerRecord; readonly signer: PeerId }> {
  try {
    const opened = await RecordEnvelope.openAndCertify(envelope, PeerRecord.DOMAIN);
    return { record: PeerRecord.createFromProtobuf(opened.payload), signer: peerIdFromPublicKey(opened.publicKey) };
  } catch (error) {
    throw new PacelineError("bad-message", `no signed peer record: ${messageOf(error)}`, {}, error);
  }
}

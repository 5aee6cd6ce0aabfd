import { privateKeyFromRaw } from "@libp2p/crypto/keys";
import type { PeerId, PrivateKey } from "@libp2p/interface";
import { pointCompress } from "tiny-secp256k1";
import type { Address } from "../core/bytes.ts";
import { PacelineError } from "../core/errors.ts";
import { addressOfPrivateKey, addressOfPublicKey } from "../core/signature.ts";

/**
 * One key, one identity: the operator's secp256k1 key is the peer's libp2p key. A secp256k1 PeerId holds the whole compressed
 * public key (libp2p peer-ids spec: keys of up to 42 bytes are inlined), so the operator address follows from it alone.
 */

/** @throws PacelineError `bad-argument` for anything but a 32-byte secp256k1 key */
export function libp2pKeyOf(privateKey: Uint8Array): PrivateKey {
  addressOfPrivateKey(privateKey); // checks the length and the curve's order
  return privateKeyFromRaw(privateKey);
}

/** Decompressing and hashing a key takes 0.1 ms, and gossip asks with every message. */
const known = new Map<string, Address>();
const MAX_KNOWN = 4096;

/** @throws PacelineError `bad-message` for a peer whose key is of another type: it cannot be an operator */
export function operatorOf(peer: PeerId): Address {
  const name = peer.toString();
  const operator = known.get(name) ?? derive(peer, name);
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(name, operator);
  return operator;
}

function derive(peer: PeerId, name: string): Address {
  if (peer.type !== "secp256k1")
    throw new PacelineError("bad-message", `peer ${name} has a ${peer.type} key, not secp256k1`);
  return addressOfPublicKey(pointCompress(peer.publicKey.raw, false));
}

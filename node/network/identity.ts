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

/** @throws PacelineError `bad-message` for a peer whose key is of another type: it cannot be an operator */
export function operatorOf(peer: PeerId): Address {
  if (peer.type !== "secp256k1") throw new PacelineError("bad-message", `peer ${peer.toString()} has a ${peer.type} key, not secp256k1`);
  return addressOfPublicKey(pointCompress(peer.publicKey.raw, false));
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title What operators sign for a job (EIP-712). The same digests as node/core/typedData.ts.
library SignedStructs {
    bytes32 private constant DOMAIN_TYPE = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes32 private constant COMMIT_TYPE = keccak256("Commit(uint32 round,bytes32 seed,bytes32 commitment)");
    bytes32 private constant BITMAP_TYPE = keccak256("Bitmap(uint32 round,bytes32 seed,uint8 seat,uint256 bits)");
    bytes32 private constant ATTESTATION_TYPE = keccak256(
        "Attestation(uint32 round,bytes32 seed,uint8 slot,bytes32 includeHash,bytes32 aggregateRoot)"
    );
    bytes32 private constant SCORE_COMMIT_TYPE = keccak256(
        "ScoreCommit(uint32 round,bytes32 seed,bytes32 includeHash,bytes32 commitment)"
    );

    /// @dev Computed at each call: the verifying contract is a clone, and a chain can split.
    function domainSeparator() internal view returns (bytes32) {
        return domainOf(address(this));
    }

    function domainOf(address job) internal view returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_TYPE, keccak256("Paceline"), keccak256("1"), block.chainid, job));
    }

    function commitOf(bytes32 domain, uint256 round, bytes32 seed, bytes32 commitment) internal pure returns (bytes32) {
        return _digest(domain, _hash(COMMIT_TYPE, round, seed, commitment));
    }

    function bitmap(
        bytes32 domain,
        uint256 round,
        bytes32 seed,
        uint256 seat,
        uint256 bits
    ) internal pure returns (bytes32) {
        return _digest(domain, keccak256(abi.encode(BITMAP_TYPE, round, seed, seat, bits)));
    }

    function attestation(
        bytes32 domain,
        uint256 round,
        bytes32 seed,
        uint256 slot,
        bytes32 includeHash,
        bytes32 aggregateRoot
    ) internal pure returns (bytes32) {
        return _digest(domain, keccak256(abi.encode(ATTESTATION_TYPE, round, seed, slot, includeHash, aggregateRoot)));
    }

    function scoreCommit(
        bytes32 domain,
        uint256 round,
        bytes32 seed,
        bytes32 includeHash,
        bytes32 commitment
    ) internal pure returns (bytes32) {
        return _digest(domain, keccak256(abi.encode(SCORE_COMMIT_TYPE, round, seed, includeHash, commitment)));
    }

    /// @param r of a compact signature (EIP-2098), `vs` holds s in the lower half and the parity of the point
    /// @return whether the signature is of `signer`, which is not the zero address
    function isSignedBy(bytes32 digest, bytes32 r, bytes32 vs, address signer) internal pure returns (bool) {
        (address recovered, , ) = ECDSA.tryRecover(digest, r, vs);
        return recovered == signer && recovered != address(0);
    }

    /// @return signer who signed; the zero address where the signature is none
    function signerOf(bytes32 digest, bytes32 r, bytes32 vs) internal pure returns (address signer) {
        (signer, , ) = ECDSA.tryRecover(digest, r, vs);
    }

    /// @dev keccak256(abi.encode(typeHash, round, seed, last)), without taking memory for it each time.
    function _hash(bytes32 typeHash, uint256 round, bytes32 seed, bytes32 last) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, typeHash)
            mstore(add(words, 0x20), round)
            mstore(add(words, 0x40), seed)
            mstore(add(words, 0x60), last)
            hash := keccak256(words, 0x80)
        }
    }

    function _digest(bytes32 domain, bytes32 structHash) private pure returns (bytes32 digest) {
        assembly ("memory-safe") {
            let input := mload(0x40)
            mstore(input, hex"1901")
            mstore(add(input, 2), domain)
            mstore(add(input, 0x22), structHash)
            digest := keccak256(input, 0x42)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The seeds that SumTree draws from. Bit for bit node/core/sortition.ts.
library Sortition {
    bytes32 internal constant COHORT = keccak256("cohort");
    bytes32 internal constant COMMITTEE = keccak256("committee");

    /// @notice The seed before the first draw.
    function firstSeed(address job, bytes32 genesisHash) internal view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, job, genesisHash));
    }

    /// @notice What one opening's salt adds to the salt sum, modulo 2^256: the order of posting does not matter.
    function saltShare(uint256 memberId, bytes32 salt) internal pure returns (uint256) {
        bytes32 hash; // of abi.encode(memberId, salt), in the scratch space
        assembly ("memory-safe") {
            mstore(0, memberId)
            mstore(0x20, salt)
            hash := keccak256(0, 0x40)
        }
        return uint256(hash);
    }

    /// @notice What a recorded entropy block adds to it.
    function entropyShare(bytes32 blockHash) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(blockHash)));
    }

    /// @param saltSum salts and entropy of all rounds so far
    function nextSeed(bytes32 seed, uint256 saltSum) internal pure returns (bytes32) {
        return keccak256(abi.encode(seed, saltSum));
    }
}

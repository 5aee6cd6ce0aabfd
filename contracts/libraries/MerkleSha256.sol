// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Sha-256 Merkle trees over leaves of 128 values, filled up to a power of two with all-zero leaves.
/// @notice A leaf hashes as sha256(0x00 || leaf), a node as sha256(0x01 || left || right), so that neither can pass for the
/// other (RFC 6962, section 2.1). Bit for bit node/core/merkle.ts.
library MerkleSha256 {
    uint256 internal constant LEAF_VALUES = 128;

    /// @notice Levels above the leaves of a vector of `length` values: ceil(log2(ceil(length / 128))).
    function depthOf(uint256 length) internal pure returns (uint256 depth) {
        uint256 leaves = (length + LEAF_VALUES - 1) / LEAF_VALUES;
        while (1 << depth < leaves) ++depth;
    }

    /// @notice The root of the tree in which `leaf` stands at `index`; zero, which is no root, where a tree of as many levels
    /// as there are siblings has no such index.
    /// @param siblings from the leaf up; their number is the caller's to check
    function rootOf(
        bytes calldata leaf,
        bytes32[] calldata siblings,
        uint256 index
    ) internal view returns (bytes32 root) {
        assembly ("memory-safe") {
            let input := mload(0x40)
            mstore8(input, 0)
            calldatacopy(add(input, 1), leaf.offset, leaf.length)
            // The precompile at 2; scratch space takes its result.
            let done := staticcall(gas(), 2, input, add(leaf.length, 1), 0, 0x20)
            mstore8(input, 1)
            let end := add(siblings.offset, shl(5, siblings.length))
            for {
                let at := siblings.offset
            } lt(at, end) {
                at := add(at, 0x20)
            } {
                let right := shl(5, and(index, 1))
                mstore(add(add(input, 1), right), mload(0))
                mstore(add(add(input, 0x21), sub(0, right)), calldataload(at))
                done := and(done, staticcall(gas(), 2, input, 0x41, 0, 0x20))
                index := shr(1, index)
            }
            if iszero(done) {
                revert(0, 0)
            }
            if iszero(index) {
                root := mload(0)
            }
        }
    }
}

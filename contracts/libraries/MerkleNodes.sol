// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Inner nodes of the trees of MerkleSha256: up to a root, and down to what they hash.
library MerkleNodes {
    /// @notice The root above a node.
    /// @param siblings from the node up
    function rootOf(bytes32 node, bytes32[] calldata siblings, uint256 index) internal pure returns (bytes32 root) {
        root = node;
        for (uint256 i; i < siblings.length; ++i) {
            root = index & 1 == 0 ? _parent(root, siblings[i]) : _parent(siblings[i], root);
            index >>= 1;
        }
    }

    /// @notice The node above a row of its descendants.
    /// @param row hashes from the left; a power of two of them, 32 bytes each
    function above(bytes calldata row) internal pure returns (bytes32) {
        uint256 count = row.length / 32;
        bytes32[] memory hashes = new bytes32[](count);
        for (uint256 i; i < count; ++i) hashes[i] = bytes32(row[32 * i:32 * i + 32]);
        for (; count > 1; count /= 2) {
            for (uint256 i; i < count / 2; ++i) hashes[i] = _parent(hashes[2 * i], hashes[2 * i + 1]);
        }
        return hashes[0];
    }

    function leafHash(bytes calldata leaf) internal pure returns (bytes32) {
        return sha256(bytes.concat(hex"00", leaf));
    }

    function _parent(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return sha256(abi.encodePacked(hex"01", left, right));
    }
}

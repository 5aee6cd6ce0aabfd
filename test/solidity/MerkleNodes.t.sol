// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MerkleNodes} from "../../contracts/libraries/MerkleNodes.sol";
import {MerkleSha256} from "../../contracts/libraries/MerkleSha256.sol";
import {Test} from "./helpers/Test.sol";

contract MerkleNodesTest is Test {
    uint256 private constant LEAF_BYTES = 256;

    function testFuzz_aLeafsNodeLeadsWhereTheLeafDoes(uint256 depth, uint256 index, bytes32 seed) external view {
        bytes32[] memory siblings = _words(bound(depth, 0, 21), seed);
        index = bound(index, 0, 2 ** siblings.length - 1);
        bytes memory leaf = abi.encodePacked(_words(LEAF_BYTES / 32, ~seed));
        bytes32 root = this.rootOfLeaf(leaf, siblings, index);
        assertEq(
            this.rootOf(this.leafHash(leaf), siblings, index),
            root,
            "a node and its leaf lead to different roots"
        );
    }

    function testFuzz_aRowLeadsWhereEachOfItsNodesDoes(uint256 levels, uint256 index, bytes32 seed) external view {
        bytes32[] memory row = _words(2 ** bound(levels, 0, 6), seed);
        index = bound(index, 0, row.length - 1);
        bytes32 top = this.above(abi.encodePacked(row));
        assertEq(this.rootOf(row[index], _siblings(row, index), index), top, "another node above the row");
        row[index] ^= bytes32(uint256(1));
        assertNotEq(this.above(abi.encodePacked(row)), top, "another row has the same node above it");
    }

    function rootOfLeaf(
        bytes calldata leaf,
        bytes32[] calldata siblings,
        uint256 index
    ) external view returns (bytes32) {
        return MerkleSha256.rootOf(leaf, siblings, index);
    }

    function rootOf(bytes32 node, bytes32[] calldata siblings, uint256 index) external pure returns (bytes32) {
        return MerkleNodes.rootOf(node, siblings, index);
    }

    function above(bytes calldata row) external pure returns (bytes32) {
        return MerkleNodes.above(row);
    }

    function leafHash(bytes calldata leaf) external pure returns (bytes32) {
        return MerkleNodes.leafHash(leaf);
    }

    function _words(uint256 count, bytes32 seed) private pure returns (bytes32[] memory words) {
        words = new bytes32[](count);
        for (uint256 i; i < count; ++i) words[i] = keccak256(abi.encode(seed, i));
    }

    /// @dev From the row up, hashed pair by pair.
    function _siblings(bytes32[] memory row, uint256 index) private pure returns (bytes32[] memory siblings) {
        uint256 depth;
        while (2 ** depth < row.length) ++depth;
        siblings = new bytes32[](depth);
        for (uint256 level; level < depth; ++level) {
            siblings[level] = row[(index >> level) ^ 1];
            bytes32[] memory next = new bytes32[](row.length / 2);
            for (uint256 i; i < next.length; ++i)
                next[i] = sha256(abi.encodePacked(hex"01", row[2 * i], row[2 * i + 1]));
            row = next;
        }
    }
}

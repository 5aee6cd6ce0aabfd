// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LeafProof} from "../../../contracts/interfaces/ICourt.sol";
import {JobTerms} from "../../../contracts/interfaces/JobTypes.sol";

/// @notice A vector's tree of one leaf or two.
struct Tree {
    bytes[] leaves;
    bytes32 root;
}

/// @dev Updates and aggregates, worked out from the definitions and without the contracts' libraries. An update follows from
/// its tag; its first value, a middle one and the last are random, all others zero.
library Vectors {
    uint256 private constant LEAF_VALUES = 128;

    function updateTree(bytes32 tag, uint256 length) internal pure returns (Tree memory tree) {
        tree.leaves = _emptyLeaves(length, 2);
        uint256[3] memory set = coordinatesOf(length);
        for (uint256 i; i < 3; ++i) _put(tree, set[i], 2, uint16(int16(valueAt(tag, set[i]))));
        tree.root = _rootOf(tree.leaves);
    }

    /// @param tags of the included updates
    /// @param exampleCounts of the same
    /// @param wrongAt where it is made wrong: the coordinate plus one, or zero
    function aggregateTree(
        JobTerms memory terms,
        bytes32[] memory tags,
        uint256[] memory exampleCounts,
        uint256 wrongAt
    ) internal pure returns (Tree memory tree) {
        tree.leaves = _emptyLeaves(terms.vectorLength, 4);
        uint256[3] memory set = coordinatesOf(terms.vectorLength);
        uint256[] memory weights = _weightsOf(terms, exampleCounts);
        for (uint256 i; i < 3; ++i) {
            int256 right = _aggregateAt(terms, tags, weights, set[i]);
            _put(tree, set[i], 4, uint32(int32(right)));
        }
        // One bit of one value: beyond its range where the bit is the sign.
        if (wrongAt > 0) tree.leaves[(wrongAt - 1) / LEAF_VALUES][4 * ((wrongAt - 1) % LEAF_VALUES)] ^= 0x80;
        tree.root = _rootOf(tree.leaves);
    }

    function proofOf(Tree memory tree, uint256 coordinate) internal pure returns (LeafProof memory proof) {
        uint256 index = coordinate / LEAF_VALUES;
        proof.leaf = tree.leaves[index];
        proof.siblings = new bytes32[](tree.leaves.length - 1);
        if (tree.leaves.length == 2) proof.siblings[0] = leafHash(tree.leaves[1 - index]);
    }

    function leafHash(bytes memory leaf) internal pure returns (bytes32) {
        return sha256(bytes.concat(hex"00", leaf));
    }

    /// @return those that may differ from zero
    function coordinatesOf(uint256 length) internal pure returns (uint256[3] memory) {
        return [0, length / 2, length - 1];
    }

    /// @return values of the tree's leaves, padding included
    function capacityOf(uint256 length) internal pure returns (uint256) {
        return length > LEAF_VALUES ? 2 * LEAF_VALUES : LEAF_VALUES;
    }

    function valueAt(bytes32 tag, uint256 coordinate) internal pure returns (int256) {
        return int256(uint256(keccak256(abi.encode(tag, coordinate))) % 65_536) - 32_768;
    }

    function exampleCountOf(bytes32 tag) internal pure returns (uint256) {
        return 1 + (uint256(tag) % 4_000);
    }

    function _aggregateAt(
        JobTerms memory terms,
        bytes32[] memory tags,
        uint256[] memory weights,
        uint256 coordinate
    ) private pure returns (int256) {
        uint256 count = tags.length;
        int256[] memory values = new int256[](count);
        for (uint256 i; i < count; ++i) values[i] = valueAt(tags[i], coordinate);
        if (terms.rule == 0) return _mean(values, weights, 0, count);
        _order(values);
        if (terms.rule == 2) return 256 * values[(count - 1) / 2];
        uint256 dropped = (count * terms.trimPermille) / 1000;
        for (uint256 i; i < count; ++i) weights[i] = 1;
        return _mean(values, weights, dropped, count - dropped);
    }

    /// @dev In 1/256 steps, halves up: the floor of (512 sum + weight) / (2 weight).
    function _mean(
        int256[] memory values,
        uint256[] memory weights,
        uint256 from,
        uint256 to
    ) private pure returns (int256) {
        int256 sum;
        int256 weight;
        for (uint256 i = from; i < to; ++i) {
            sum += values[i] * int256(weights[i]);
            weight += int256(weights[i]);
        }
        int256 above = 512 * sum + weight;
        int256 below = 2 * weight;
        return above >= 0 ? above / below : -((below - 1 - above) / below);
    }

    /// @dev At most the cap and at most twice the lower median.
    function _weightsOf(
        JobTerms memory terms,
        uint256[] memory exampleCounts
    ) private pure returns (uint256[] memory weights) {
        uint256 count = exampleCounts.length;
        int256[] memory ordered = new int256[](count);
        weights = new uint256[](count);
        for (uint256 i; i < count; ++i) ordered[i] = int256(exampleCounts[i]);
        _order(ordered);
        uint256 most = 2 * uint256(ordered[(count - 1) / 2]);
        if (most > terms.weightCap) most = terms.weightCap;
        for (uint256 i; i < count; ++i) weights[i] = exampleCounts[i] > most ? most : exampleCounts[i];
    }

    function _order(int256[] memory values) private pure {
        for (uint256 i; i < values.length; ++i) {
            for (uint256 k = i + 1; k < values.length; ++k) {
                if (values[k] < values[i]) (values[i], values[k]) = (values[k], values[i]);
            }
        }
    }

    function _emptyLeaves(uint256 length, uint256 size) private pure returns (bytes[] memory leaves) {
        leaves = new bytes[](capacityOf(length) / LEAF_VALUES);
        for (uint256 i; i < leaves.length; ++i) leaves[i] = new bytes(size * LEAF_VALUES);
    }

    function _put(Tree memory tree, uint256 coordinate, uint256 size, uint256 value) private pure {
        bytes memory leaf = tree.leaves[coordinate / LEAF_VALUES];
        uint256 offset = size * (coordinate % LEAF_VALUES);
        for (uint256 i; i < size; ++i) leaf[offset + i] = bytes1(uint8(value >> (8 * (size - 1 - i))));
    }

    function _rootOf(bytes[] memory leaves) private pure returns (bytes32) {
        if (leaves.length == 1) return leafHash(leaves[0]);
        return sha256(abi.encodePacked(hex"01", leafHash(leaves[0]), leafHash(leaves[1])));
    }
}

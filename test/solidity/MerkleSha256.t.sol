// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MerkleSha256} from "../../contracts/libraries/MerkleSha256.sol";
import {Test} from "./helpers/Test.sol";

/// @dev Trees made level by level from the definition, with Solidity's own sha256.
contract MerkleSha256Test is Test {
    uint256 private constant LEAF_BYTES = 256;

    function testFuzz_everyLeafProvesTheRoot(uint256 leafCount, uint256 index, bytes32 seed) external view {
        leafCount = bound(leafCount, 1, 33);
        index = bound(index, 0, leafCount - 1);
        (bytes32 root, bytes32[] memory siblings) = _proof(leafCount, index, seed);
        assertEq(
            this.rootOf(_leaf(index, leafCount, seed), siblings, index),
            root,
            "the proof does not lead to the root"
        );
        assertEq(MerkleSha256.depthOf(leafCount * MerkleSha256.LEAF_VALUES), siblings.length, "another depth");
        assertEq(MerkleSha256.depthOf((leafCount - 1) * MerkleSha256.LEAF_VALUES + 1), siblings.length, "one value");
    }

    function testFuzz_anotherIndexLeafOrSiblingProvesSomethingElse(
        uint256 leafCount,
        uint256 index,
        uint256 flip,
        bytes32 seed
    ) external view {
        leafCount = bound(leafCount, 2, 33);
        index = bound(index, 0, leafCount - 1);
        (bytes32 root, bytes32[] memory siblings) = _proof(leafCount, index, seed);
        bytes memory leaf = _leaf(index, leafCount, seed);

        uint256 level = bound(flip, 0, siblings.length - 1);
        assertNotEq(this.rootOf(leaf, siblings, index ^ (1 << level)), root, "the index of another leaf");
        siblings[level] ^= bytes32(1 << (flip % 256));
        assertNotEq(this.rootOf(leaf, siblings, index), root, "another sibling");
        siblings[level] ^= bytes32(1 << (flip % 256));
        leaf[flip % LEAF_BYTES] ^= 0x10;
        assertNotEq(this.rootOf(leaf, siblings, index), root, "another leaf");
    }

    function rootOf(bytes calldata leaf, bytes32[] calldata siblings, uint256 index) external view returns (bytes32) {
        return MerkleSha256.rootOf(leaf, siblings, index);
    }

    /// @dev Leaf `index` of the tree; all zero beyond its leaves.
    function _leaf(uint256 index, uint256 leafCount, bytes32 seed) private pure returns (bytes memory leaf) {
        leaf = new bytes(LEAF_BYTES);
        if (index >= leafCount) return leaf;
        for (uint256 i; i < LEAF_BYTES; ++i) leaf[i] = keccak256(abi.encode(seed, index, i))[0];
    }

    function _proof(
        uint256 leafCount,
        uint256 index,
        bytes32 seed
    ) private pure returns (bytes32 root, bytes32[] memory siblings) {
        uint256 depth;
        while (2 ** depth < leafCount) ++depth;
        siblings = new bytes32[](depth);
        bytes32[] memory level = new bytes32[](2 ** depth);
        for (uint256 i; i < level.length; ++i) {
            level[i] = sha256(bytes.concat(hex"00", _leaf(i, leafCount, seed)));
        }
        for (uint256 k; k < depth; ++k) {
            siblings[k] = level[(index >> k) ^ 1];
            bytes32[] memory above = new bytes32[](level.length / 2);
            for (uint256 i; i < above.length; ++i) {
                above[i] = sha256(bytes.concat(hex"01", level[2 * i], level[2 * i + 1]));
            }
            level = above;
        }
        root = level[0];
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SumTree} from "../libraries/SumTree.sol";

/// @title A tree of weights, callable by tests.
contract SumTreeHarness {
    using SumTree for SumTree.Tree;

    SumTree.Tree private tree;

    function set(uint256[] calldata ids, uint256[] calldata newWeights) public {
        for (uint256 i; i < ids.length; ++i) tree.set(ids[i], newWeights[i]);
    }

    function drawAfter(
        uint256[] calldata ids,
        uint256[] calldata newWeights,
        bytes32 seed,
        bytes32 tag,
        uint256 count
    ) external returns (uint256[] memory) {
        set(ids, newWeights);
        return tree.draw(seed, tag, count);
    }

    function draw(bytes32 seed, bytes32 tag, uint256 count) external view returns (uint256[] memory) {
        return tree.draw(seed, tag, count);
    }

    /// @return ids of one draw for each of `times` seeds, which are `seed`, its hash, the hash of that and so on
    function drawOften(
        bytes32 seed,
        bytes32 tag,
        uint256 count,
        uint256 times
    ) external view returns (uint256[][] memory ids) {
        ids = new uint256[][](times);
        for (uint256 i; i < times; ++i) {
            ids[i] = tree.draw(seed, tag, count);
            seed = keccak256(abi.encode(seed));
        }
    }

    /// @return used gas of one draw, with the storage cold
    function gasOfDraw(bytes32 seed, bytes32 tag, uint256 count) external view returns (uint256 used) {
        used = gasleft();
        tree.draw(seed, tag, count);
        used -= gasleft();
    }

    /// @return levels of the tree
    /// @return count of ids that have a weight
    /// @return total of all weights
    function summary() external view returns (uint256 levels, uint256 count, uint256 total) {
        return (tree.head & 0xff, tree.countOf(), tree.totalOf());
    }

    /// @return weights of `count` ids from `first` on
    function weightsFrom(uint256 first, uint256 count) external view returns (uint256[] memory weights) {
        weights = new uint256[](count);
        for (uint256 i; i < count; ++i) weights[i] = tree.weightOf(first + i);
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICourt, LeafProof} from "./interfaces/ICourt.sol";
import {IJob, IncludedUpdate, JobTerms} from "./interfaces/IJob.sol";
import {FixedPoint} from "./libraries/FixedPoint.sol";
import {MerkleSha256} from "./libraries/MerkleSha256.sol";

/// @title The court: proofs of fault. See ICourt.
contract Court is ICourt {
    uint256 private constant LEAF_VALUES = MerkleSha256.LEAF_VALUES;
    /// @dev int16 values of an update.
    uint256 private constant UPDATE_LEAF_BYTES = 2 * LEAF_VALUES;
    /// @dev int32 values of the aggregate.
    uint256 private constant AGGREGATE_LEAF_BYTES = 4 * LEAF_VALUES;

    /// @inheritdoc ICourt
    function proveWrongLeaf(
        IJob job,
        uint256 coordinate,
        IncludedUpdate[] calldata updates,
        LeafProof[] calldata updateLeaves,
        LeafProof calldata aggregateLeaf
    ) external {
        bytes32 aggregateRoot = _requireStanding(job, updates);
        JobTerms memory terms = job.terms();
        uint256 depth = MerkleSha256.depthOf(terms.vectorLength);
        uint256 capacity = LEAF_VALUES << depth;
        if (coordinate >= capacity) revert CoordinateOutOfRange(coordinate, capacity);
        bool padding = coordinate >= terms.vectorLength;
        if (updateLeaves.length != updates.length && !(padding && updateLeaves.length == 0)) {
            revert LengthMismatch(updates.length, updateLeaves.length);
        }

        int256 right = padding ? int256(0) : _mean(updates, updateLeaves, coordinate, depth, terms.weightCap);
        _requireLeaf(aggregateLeaf, AGGREGATE_LEAF_BYTES, aggregateRoot, coordinate, depth, updates.length);
        uint256 offset = 4 * (coordinate % LEAF_VALUES);
        int256 claimed = int32(uint32(bytes4(aggregateLeaf.leaf[offset:offset + 4])));
        if (claimed == right) revert AggregateIsRight(coordinate, right);
        job.faultAggregate(msg.sender);
    }

    /// @return root of the proposal that stands over exactly these updates
    function _requireStanding(IJob job, IncludedUpdate[] calldata updates) private view returns (bytes32 root) {
        bytes32 included;
        (, , included, root, ) = job.standingProposal();
        if (root == 0) revert NoStandingProposal();
        bytes32 given = keccak256(abi.encode(updates));
        if (given != included) revert WrongIncludeSet(given, included);
    }

    /// @dev The coordinate of the aggregate, recomputed from the updates' leaves.
    function _mean(
        IncludedUpdate[] calldata updates,
        LeafProof[] calldata proofs,
        uint256 coordinate,
        uint256 depth,
        uint256 weightCap
    ) private view returns (int256) {
        uint256[] memory counts = new uint256[](updates.length);
        for (uint256 i; i < updates.length; ++i) counts[i] = updates[i].exampleCount;
        uint256 bound = FixedPoint.weightBound(counts, weightCap);
        uint256 offset = 2 * (coordinate % LEAF_VALUES);
        int256 weightedSum;
        uint256 weightSum;
        for (uint256 i; i < updates.length; ++i) {
            LeafProof calldata proof = proofs[i];
            _requireLeaf(proof, UPDATE_LEAF_BYTES, updates[i].updateRoot, coordinate, depth, i);
            uint256 weight = FixedPoint.weightOf(updates[i].exampleCount, bound);
            int256 value = int16(uint16(bytes2(proof.leaf[offset:offset + 2])));
            weightSum += weight;
            weightedSum += int256(weight) * value;
        }
        return FixedPoint.meanOf(weightedSum, weightSum);
    }

    /// @param index of the update, or their number for the aggregate: what an error names
    function _requireLeaf(
        LeafProof calldata proof,
        uint256 size,
        bytes32 root,
        uint256 coordinate,
        uint256 depth,
        uint256 index
    ) private view {
        if (proof.leaf.length != size) revert BadLeafSize(proof.leaf.length, size);
        if (proof.siblings.length != depth) revert BadProof(index);
        bytes32 found = MerkleSha256.rootOf(proof.leaf, proof.siblings, coordinate / LEAF_VALUES);
        if (found != root) revert BadProof(index);
    }
}

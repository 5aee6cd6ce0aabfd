// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICourt, LeafProof, WrongLeaf} from "../interfaces/ICourt.sol";
import {IJob} from "../interfaces/IJob.sol";
import {IncludedUpdate, JobTerms, RoundRecord} from "../interfaces/JobTypes.sol";
import {Aggregation} from "../libraries/Aggregation.sol";
import {FixedPoint} from "../libraries/FixedPoint.sol";
import {MerkleSha256} from "../libraries/MerkleSha256.sol";

/// @title One coordinate of an aggregate, recomputed.
abstract contract WrongLeaves is ICourt {
    uint256 private constant LEAF_VALUES = MerkleSha256.LEAF_VALUES;
    /// @dev int16 values of an update.
    uint256 internal constant UPDATE_LEAF_BYTES = 2 * LEAF_VALUES;
    /// @dev int32 values of the aggregate.
    uint256 internal constant AGGREGATE_LEAF_BYTES = 4 * LEAF_VALUES;

    /// @inheritdoc ICourt
    function proveWrongLeaf(IJob job, WrongLeaf calldata proof) external {
        (, , , , bytes32 included, bytes32 root) = job.standingProposal();
        if (root == 0) revert NoStandingProposal();
        _requireWrong(job.terms(), included, root, proof);
        job.faultProposal(msg.sender);
    }

    /// @inheritdoc ICourt
    /// @dev The job checks the record.
    function proveSettledWrongLeaf(
        IJob job,
        uint32 round,
        RoundRecord calldata record,
        WrongLeaf calldata proof
    ) external {
        _requireWrong(job.terms(), record.includeHash, record.aggregateRoot, proof);
        job.faultRecord(round, record, msg.sender);
    }

    function _requireIncluded(IncludedUpdate[] calldata updates, bytes32 included) internal pure {
        bytes32 given = keccak256(abi.encode(updates));
        if (given != included) revert WrongIncludeSet(given, included);
    }

    function _requireWrong(
        JobTerms memory terms,
        bytes32 included,
        bytes32 aggregateRoot,
        WrongLeaf calldata proof
    ) private view {
        _requireIncluded(proof.updates, included);
        uint256 depth = MerkleSha256.depthOf(terms.vectorLength);
        uint256 coordinate = proof.coordinate;
        uint256 capacity = LEAF_VALUES << depth;
        if (coordinate >= capacity) revert CoordinateOutOfRange(coordinate, capacity);
        bool padding = coordinate >= terms.vectorLength;
        uint256 count = proof.updates.length;
        if (proof.updateLeaves.length != count && !(padding && proof.updateLeaves.length == 0)) {
            revert LengthMismatch(count, proof.updateLeaves.length);
        }
        int256 right = padding ? int256(0) : _rightValue(terms, proof, depth);
        _requireLeaf(proof.aggregateLeaf, AGGREGATE_LEAF_BYTES, aggregateRoot, coordinate, depth, count);
        uint256 offset = 4 * (coordinate % LEAF_VALUES);
        int256 claimed = int32(uint32(bytes4(proof.aggregateLeaf.leaf[offset:offset + 4])));
        if (claimed == right) revert AggregateIsRight(coordinate, right);
    }

    /// @dev The coordinate of the aggregate, from the updates' leaves.
    function _rightValue(JobTerms memory terms, WrongLeaf calldata proof, uint256 depth) private view returns (int256) {
        uint256 count = proof.updates.length;
        uint256[] memory weights = new uint256[](count);
        for (uint256 i; i < count; ++i) weights[i] = proof.updates[i].exampleCount;
        uint256 bound = FixedPoint.weightBound(weights, terms.weightCap); // sorts
        int256[] memory values = new int256[](count);
        uint256 offset = 2 * (proof.coordinate % LEAF_VALUES);
        for (uint256 i; i < count; ++i) {
            LeafProof calldata given = proof.updateLeaves[i];
            _requireLeaf(given, UPDATE_LEAF_BYTES, proof.updates[i].updateRoot, proof.coordinate, depth, i);
            weights[i] = FixedPoint.weightOf(proof.updates[i].exampleCount, bound);
            values[i] = int16(uint16(bytes2(given.leaf[offset:offset + 2])));
        }
        return Aggregation.coordinateOf(terms.rule, terms.trimPermille, values, weights);
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

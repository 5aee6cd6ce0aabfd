// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJob, IncludedUpdate} from "./IJob.sol";

/// @notice A leaf of 128 values (big-endian: int16 of an update, int32 of the aggregate) and its sibling hashes from the
/// leaf up.
struct LeafProof {
    bytes leaf;
    bytes32[] siblings;
}

/// @title Proofs of fault. Stateless, needs no bond: an invalid proof reverts.
interface ICourt {
    error WrongIncludeSet(bytes32 given, bytes32 onChain);
    error NoStandingProposal();
    error LengthMismatch(uint256 updates, uint256 proofs);
    error CoordinateOutOfRange(uint256 coordinate, uint256 capacity);
    error BadLeafSize(uint256 size, uint256 expected);
    error BadProof(uint256 index);
    error AggregateIsRight(uint256 coordinate, int256 value);

    /// @notice Proves that the standing aggregate of `job` is wrong at one coordinate; the caller is rewarded.
    /// @param coordinate index into the vector, padding included: beyond the vector's length the right value is 0
    /// @param updates the include set, as hashed on the chain
    /// @param updateLeaves for each update the leaf that holds the coordinate
    /// @param aggregateLeaf the aggregate's leaf that holds it
    function proveWrongLeaf(
        IJob job,
        uint256 coordinate,
        IncludedUpdate[] calldata updates,
        LeafProof[] calldata updateLeaves,
        LeafProof calldata aggregateLeaf
    ) external;
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJobEvents} from "./IJobEvents.sol";
import {Opening, ScoreOpening, SignedAttestation, SignedBitmap, SignedCommit, SignedScoreCommit} from "./JobTypes.sol";

/// @title The rounds of a job, from the draw to the pay.
/// @notice Nobody owns it. Every transition is `advance()`, which anyone may call; a relayed posting that completes its phase
/// ends it in the same transaction. Everything posted by relay is add-only: an entry that is invalid, late or a duplicate is
/// skipped and never makes the call revert.
interface IJobRounds is IJobEvents {
    /// @notice Moves the job on by one transition, if its phase is complete or its time is over. Anyone.
    function advance() external;

    /// @notice Commits the calling operator's update, or passes the round.
    /// @param position the operator's place in the cohort
    /// @param commitment keccak256(abi.encode(chainId, job, round, memberId, updateRoot, exampleCount, salt)), or 1 for a pass
    function commit(uint8 position, bytes32 commitment) external;

    /// @notice Posts commits and passes that operators signed. Add-only, by anyone; the first one of an operator counts.
    function commitBatch(SignedCommit[] calldata signedCommits) external;

    /// @notice Posts openings and bitmaps. Add-only, by anyone; the bits of one seat are OR-ed, its own bit does not count.
    function share(Opening[] calldata openings, SignedBitmap[] calldata bitmaps) external;

    /// @notice Posts the aggregate's root for a seat whose slot has opened. Anyone who has the seat's attestation of it, which
    /// counts as such.
    function propose(bytes32 aggregateRoot, SignedAttestation calldata attestation) external;

    /// @notice Posts attestations of the standing proposal and score commits. Add-only, by anyone.
    function attest(SignedAttestation[] calldata attestations, SignedScoreCommit[] calldata scoreCommits) external;

    /// @notice Opens score vectors. Add-only, by anyone.
    function openScores(ScoreOpening[] calldata openings) external;

    /// @notice Once, by the factory, in the transaction that makes the clone.
    function initialize() external;
}

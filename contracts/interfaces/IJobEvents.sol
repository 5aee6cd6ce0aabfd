// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IncludedUpdate, Phase, RoundRecord} from "./JobTypes.sol";

/// @title What a job says and how it refuses.
interface IJobEvents {
    event Joined(uint16 indexed memberId, address indexed wallet, address indexed operator);
    event StakeAdded(uint16 indexed memberId, uint256 amount);
    event Left(uint16 indexed memberId, address indexed wallet);
    /// @param fromRound the first round in which the new operator signs
    event OperatorChanged(uint16 indexed memberId, address indexed operator, uint32 fromRound);
    event Resumed(uint16 indexed memberId);
    event CreditClaimed(uint16 indexed memberId, address indexed wallet, uint256 amount);

    event PhaseEntered(uint32 indexed round, Phase phase);
    event RoundDrawn(uint32 indexed round, bytes32 seed, uint16[] cohort, uint16[] seats);
    event IncludeSetFixed(uint32 indexed round, uint256 includedMask, bytes32 includeHash, IncludedUpdate[] updates);
    event Proposed(uint32 indexed round, uint8 slot, uint16 indexed memberId, bytes32 aggregateRoot);
    event Attested(uint32 indexed round, uint256 attestedMask);
    event ScoreCommitted(uint32 indexed round, uint8 seat, bytes32 commitment);
    event ScoreOpened(uint32 indexed round, uint8 seat, bytes vector);
    /// @notice An update that nobody would show left the include set; the next proposal is over the others.
    event UpdateWithheld(uint32 indexed round, uint16 indexed memberId, uint256 includedMask, bytes32 includeHash);
    event MemberFaulted(uint32 indexed round, uint16 indexed memberId, address indexed prover, uint256 taken);
    /// @param asked what it costs; a member that had less left is ejected
    event MemberMissed(uint32 indexed round, uint16 indexed memberId, Phase phase, uint256 asked, uint256 taken);
    event Ejected(uint16 indexed memberId);
    /// @notice A settled round was proven wrong. What it did to the model and to credits stays.
    event RoundFaulty(uint32 indexed round, address indexed prover);
    event RoundSkipped(uint32 indexed round, Phase phase);
    /// @param record what the chain keeps the hash of
    /// @param scores by include order, as paid (points of 10,000, or 1/256 points where the trailing scores were used)
    /// @param contributorsPay by include order, in the pool's token
    /// @param judgesPay by seat: what the aggregator and the seats that attested and scored got
    /// @param paid all that was earned, the keepers' pay included
    event RoundSettled(
        uint32 indexed round,
        bytes32 modelId,
        RoundRecord record,
        uint256 includedMask,
        uint256[] scores,
        uint256[] contributorsPay,
        uint256[] judgesPay,
        uint256 paid
    );
    event JobEnded(Phase phase, uint256 refunded);

    error WrongPhase(Phase current);
    error NotYet(Phase phase, uint256 secondsLeft, uint256 blocksLeft);
    error DemandsOpen(uint256 open);
    error MayNotJoin(address wallet);
    error AlreadyMember(address wallet);
    error NotAMember(address wallet);
    error AlreadyLeft(address wallet);
    error StillMember(uint256 memberId);
    error StillDrawn(uint256 memberId, uint256 round);
    error NoSuchMember(uint256 memberId, uint256 members);
    error StakeTooSmall(uint256 amount, uint256 minimum);
    error JobFull(uint256 members);
    error OperatorUnchanged(uint256 memberId, address operator);
    error NotSuspended(uint256 memberId);
    error StillSuspended(uint256 memberId, uint256 untilRound);
    error NoCredit(uint256 memberId);
    error NotInCohort(address operator, uint256 position);
    error AlreadyCommitted(uint256 position);
    error EmptyCommitment();
    /// @param operator of the seat; zero where it is none, or dead
    error NotASeat(uint256 seat, address operator);
    error SlotNotOpen(uint256 slot, uint256 opensAt, uint256 opensAtBlock);
    error SlotGone(uint256 slot, uint256 firstSlot);
    error EmptyRoot();
    error WrongRecord(uint32 round);
    error OnlyCourt(address caller);
    error OnlyFactory(address caller);
}

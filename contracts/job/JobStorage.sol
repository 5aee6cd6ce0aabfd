// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJob, JobTerms, Phase} from "../interfaces/IJob.sol";
import {IRegistry} from "../interfaces/IRegistry.sol";
import {ITreasury} from "../interfaces/ITreasury.sol";

/// @title What a job keeps. Round state is written over in the next round and never cleared to zero: a used slot costs
/// 5,000 gas, a fresh one 22,100. Masks in `clock` and `marks` say which of it belongs to this round.
// solhint-disable-next-line max-states-count
abstract contract JobStorage is IJob {
    /// @dev One slot: all that a commit reads and writes besides its own.
    struct Clock {
        Phase phase;
        uint32 round;
        uint40 phaseStart;
        uint40 phaseStartBlock;
        uint64 committedMask; // by position
        uint8 cohortCount;
        uint8 seatCount;
        uint8 firstSlot;
        uint8 slot;
        uint32 bitmapSeats; // by seat: whose bitmap is of this round
        bool aligned; // every position is its member's id, as long as everybody trains and nobody left
    }

    /// @dev One slot. The first two by position, the others by seat.
    struct Marks {
        uint64 opened;
        uint64 included;
        uint32 live;
        uint32 attested;
        uint32 scoreCommitted;
        uint32 scoreOpened;
    }

    /// @dev One slot: what changes between the rounds.
    struct Draws {
        uint64 entropyBlock;
        bool entropyRecorded;
        uint32 abstained; // by seat
        uint16 candidates; // length of `candidateIds`
        uint16 eligible; // those in front, not barred from seats
        uint32 queueHead;
        uint32 queueEnd;
        uint16 members;
    }

    struct MemberRecord {
        address operator;
        uint16 place; // in `candidateIds`, counting from 1; 0 for none
        bool barred;
        bool active; // has not asked to leave
        bool gone; // has left the draws, its stake unbonds
        address wallet;
    }

    uint256 internal constant MAX_MEMBERS = type(uint16).max;
    uint256 internal constant MIN_COHORT = 3;
    /// @dev An aggregator, and somebody to check it.
    uint256 internal constant MIN_SEATS = 2;
    uint256 internal constant KEEPERS = 5;
    uint8 internal constant NOWHERE = type(uint8).max;

    IRegistry internal immutable REGISTRY;
    ITreasury internal immutable TREASURY;
    address internal immutable COURT;

    Clock internal clock;
    Marks internal marks;
    Draws internal draws;

    /// @inheritdoc IJob
    address public sponsor;
    bytes32 internal seed;
    bytes32 internal modelId;
    bytes32 internal includeHash;
    bytes32 internal aggregateRoot;
    bytes32 internal entropy; // hash of the entropy block, where `draws.entropyRecorded`
    uint256 internal saltSum; // plus one
    uint256 internal seatPositions; // byte s: cohort position of seat s, NOWHERE for none

    uint16[64] internal cohort; // member ids by position
    uint16[32] internal seats; // member ids by seat
    /// @dev By position: the commitment's top 31 bytes with its ordinal in the low byte; once opened, the update's root.
    uint256[64] internal commits;
    uint32[64] internal openings; // by position: the commit's ordinal << 24 | exampleCount
    uint64[32] internal bitmaps; // by seat
    bytes32[32] internal scoreCommits; // by seat
    uint256[4][32] internal vectors; // by seat: 16 scores a word, the first one in the highest bits
    address[KEEPERS] internal keepers;

    MemberRecord[65_536] internal memberRecords; // by member id
    mapping(address wallet => uint256) internal memberIdOf; // plus one
    uint32[65_536] internal trailingScores; // by member id, in 1/256 points
    uint16[65_536] internal candidateIds; // those not barred from seats in front
    uint24[196_608] internal queue; // kind << 16 | member id; at most three entries a member, and emptied to the front

    /// @inheritdoc IJob
    mapping(uint32 round => bytes32) public roundRecord;

    /// @dev The terms stand behind the clone's 45 bytes of code (OpenZeppelin's Clones), in the layout that a struct of
    /// 32 static fields has in memory, too. The factory has checked them.
    uint256 private constant TERMS_OFFSET = 0x2d;
    uint256 private constant TERMS_BYTES = 0x400;
    uint256 private constant WEIGHT_CAP_OFFSET = 0xed; // the seventh field

    function _terms() internal view returns (JobTerms memory terms_) {
        assembly ("memory-safe") {
            extcodecopy(address(), terms_, TERMS_OFFSET, TERMS_BYTES)
        }
    }

    /// @dev One field, where reading all would cost more than the rest.
    function _weightCap() internal view returns (uint256 cap) {
        assembly ("memory-safe") {
            extcodecopy(address(), 0, WEIGHT_CAP_OFFSET, 0x20)
            cap := mload(0)
        }
    }

    function _hasEnded(Phase current) internal pure returns (bool) {
        return current == Phase.Finished || current == Phase.Failed;
    }

    function _hasBit(uint256 mask, uint256 index) internal pure returns (bool) {
        return (mask >> index) & 1 == 1;
    }

    /// @dev Cohort position of a seat's holder, NOWHERE where it does not train in this round.
    function _positionOf(uint256 positions, uint256 seat) internal pure returns (uint256) {
        return (positions >> (8 * seat)) & 0xff;
    }
}

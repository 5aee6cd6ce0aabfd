// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICourt} from "../interfaces/ICourt.sol";
import {IJobEvents} from "../interfaces/IJobEvents.sol";
import {IRegistry} from "../interfaces/IRegistry.sol";
import {ITreasury} from "../interfaces/ITreasury.sol";
import {JobTerms, Phase} from "../interfaces/JobTypes.sol";
import {Sortition} from "../libraries/Sortition.sol";
import {SumTree} from "../libraries/SumTree.sol";
import {TermsCode} from "../libraries/TermsCode.sol";

/// @title What a job keeps; Job and JobDesk share it. Round state is written over in the next round and never cleared to
/// zero: a used slot costs 5,000 gas, a fresh one 22,100. Masks in `clock` and `marks` say which of it belongs to this round.
// solhint-disable-next-line max-states-count
abstract contract JobStorage is IJobEvents {
    /// @dev One slot: all that a commit reads and writes besides its own.
    struct Clock {
        Phase phase;
        uint32 round;
        uint40 phaseStart;
        uint40 phaseStartBlock;
        uint64 committedMask; // by position; until Commit ends those who pass are in it
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

    /// @dev One slot: what else belongs to a round.
    struct Extras {
        uint40 entropyBlock;
        bool entropyRecorded;
        uint64 passed; // by position
        uint32 abstained; // by seat
        uint8 openDemands;
        uint40 windowEnd; // an answered demand keeps the window open
        uint40 windowEndBlock;
    }

    /// @dev One slot: what lasts.
    struct Ledger {
        uint96 owed; // sum of the members' credits
        uint32 departuresHead;
        uint32 departuresEnd;
        uint32 arrivalsHead;
        uint32 arrivalsEnd;
        uint32 members;
    }

    /// @dev Two slots.
    struct MemberRecord {
        address operator;
        bool rotating; // `nextOperators` has its next one
        bool active; // has not asked to leave
        bool ejected;
        bool gone; // has left the draws, its stake unbonds
        bool departing; // waits in a queue
        bool arriving;
        uint32 suspendedUntil; // zero where it is not suspended
        address wallet;
        uint96 credit;
    }

    struct NextOperator {
        address operator;
        uint32 fromRound;
    }

    uint256 internal constant MAX_MEMBERS = 65_536;
    uint256 internal constant MIN_COHORT = 3;
    uint256 internal constant KEEPERS = 5;
    uint8 internal constant NOWHERE = type(uint8).max;
    /// @dev Stands for a commitment of a member that passes the round.
    bytes32 internal constant PASS = bytes32(uint256(1));
    /// @dev OpenZeppelin's Clones put the arguments behind the 45 bytes of the proxy.
    uint256 private constant TERMS_OFFSET = 0x2d;

    IRegistry internal immutable REGISTRY;
    ITreasury internal immutable TREASURY;
    ICourt internal immutable COURT;

    Clock internal clock;
    Marks internal marks;
    Extras internal extras;
    Ledger internal ledger;

    bytes32 internal seed; // zero before the first draw
    bytes32 internal lastModelId; // zero before the first settlement
    bytes32 internal includeHash;
    bytes32 internal aggregateRoot;
    /// @dev Salts of all openings so far, and the hash of each entropy block that was recorded in time, modulo 2^256.
    uint256 internal saltSum;
    uint256 internal seatPositions; // byte s: cohort position of seat s, NOWHERE for none

    uint16[64] internal cohort; // member ids by position
    uint16[32] internal seats; // member ids by seat
    /// @dev By position: the commitment's top 31 bytes with its ordinal in the low byte; once opened, the update's root, if
    /// Share did not end with the opening.
    uint256[64] internal commits;
    uint32[64] internal openings; // by position, with that root: the commit's ordinal << 24 | exampleCount
    uint64[32] internal bitmaps; // by seat
    bytes32[32] internal scoreCommits; // by seat
    uint256[4][32] internal vectors; // by seat: 16 scores a word, the first one in the highest bits
    address[KEEPERS - 1] internal keepers; // who made the round's transitions but the last

    MemberRecord[MAX_MEMBERS] internal memberRecords; // by member id
    mapping(uint256 memberId => NextOperator) internal nextOperators;
    mapping(address wallet => uint256) internal memberIds; // plus one
    uint32[MAX_MEMBERS] internal trailingScores; // by member id, in 1/256 points
    SumTree.Tree internal candidates; // draw weights by member id
    uint16[MAX_MEMBERS] internal departures; // rings of member ids; a member waits in each at most once
    uint16[MAX_MEMBERS] internal arrivals;
    mapping(uint32 round => bytes32) internal records;

    constructor(IRegistry registry, ITreasury treasury, ICourt court) {
        (REGISTRY, TREASURY, COURT) = (registry, treasury, court);
    }

    function _terms() internal view returns (JobTerms memory) {
        uint256[8] memory words;
        assembly ("memory-safe") {
            extcodecopy(address(), words, TERMS_OFFSET, 0x100)
        }
        return TermsCode.unpack(words);
    }

    /// @dev One word of the packed terms, where reading all would cost more than the rest.
    function _termsWord(uint256 index) internal view returns (uint256 word) {
        assembly ("memory-safe") {
            extcodecopy(address(), 0, add(TERMS_OFFSET, shl(5, index)), 0x20)
            word := mload(0)
        }
    }

    function _sponsor() internal view returns (address) {
        return address(uint160(_termsWord(TermsCode.SPONSOR_WORD) >> 96));
    }

    function _modelId() internal view returns (bytes32 id) {
        id = lastModelId;
        if (id == 0) id = bytes32(_termsWord(TermsCode.GENESIS_WORD));
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

    function _idAt(Clock memory now_, uint256 position) internal view returns (uint256) {
        return now_.aligned ? position : cohort[position];
    }

    /// @dev Block hashes can be read for 256 blocks only; whoever calls first keeps this one.
    function _recordEntropy() internal {
        if (extras.entropyRecorded) return;
        bytes32 found = blockhash(extras.entropyBlock);
        if (found == 0) return;
        extras.entropyRecorded = true;
        unchecked {
            saltSum += Sortition.entropyShare(found);
        }
    }

    /// @dev The operator that signs for a member in the running round.
    function _operatorOf(uint256 round, uint256 id) internal view returns (address operator) {
        MemberRecord storage member = memberRecords[id];
        uint256 word; // operator and flags at once: the compiler would read the slot twice
        assembly ("memory-safe") {
            word := sload(member.slot)
        }
        operator = address(uint160(word));
        bool rotating = uint8(word >> 160) != 0;
        if (rotating && round >= nextOperators[id].fromRound) operator = nextOperators[id].operator;
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IncludedUpdate, JobTerms, Phase} from "../interfaces/IJob.sol";
import {FixedPoint} from "../libraries/FixedPoint.sol";
import {RoundPhase} from "../libraries/RoundPhase.sol";
import {Sortition} from "../libraries/Sortition.sol";
import {IncludeSet} from "./IncludeSet.sol";
import {Settlement} from "./Settlement.sol";

/// @title The round's clockwork: one small function a phase, all behind `advance()`.
abstract contract Transitions is IncludeSet, Settlement {
    function advance() external {
        Clock memory now_ = clock;
        JobTerms memory terms_ = _terms();
        Phase next = _close(now_, terms_);
        _enter(now_, next);
        if (_hasEnded(next)) _refund(next);
    }

    function _close(Clock memory now_, JobTerms memory terms_) private returns (Phase) {
        Phase current = now_.phase;
        if (current == Phase.Joining) return _start(now_, terms_);
        if (current == Phase.Draw) return _draw(now_, terms_);
        if (current == Phase.Commit) return _closeCommits(now_, terms_);
        if (current == Phase.Share) return _closeShare(now_, terms_);
        if (current == Phase.Propose) return _closeSlots(now_, terms_);
        if (current == Phase.Challenge) return _closeChallenge(now_, terms_);
        if (current == Phase.Score) return _closeScores(now_, terms_);
        revert WrongPhase(current);
    }

    function _start(Clock memory now_, JobTerms memory terms_) private returns (Phase) {
        uint256 count = draws.candidates;
        if (count < terms_.startMembers) {
            _requireOver(now_, terms_, 0, false);
            if (count < MIN_COHORT) return Phase.Failed;
        }
        draws.entropyBlock = uint64(block.number);
        now_.round = 1;
        return Phase.Draw;
    }

    function _draw(Clock memory now_, JobTerms memory terms_) private returns (Phase) {
        Draws memory drawn = draws;
        if (block.number <= drawn.entropyBlock) {
            revert NotYet(Phase.Draw, 0, drawn.entropyBlock + 1 - block.number);
        }
        if (drawn.candidates < MIN_COHORT || drawn.eligible < MIN_SEATS) return Phase.Finished;
        bytes32 found = drawn.entropyRecorded ? entropy : blockhash(drawn.entropyBlock);
        bytes32 newSeed = Sortition.nextSeed(seed, saltSum - 1, found);
        (seed, saltSum) = (newSeed, 1);

        uint16[] memory newCohort = _drawCohort(now_, newSeed, drawn.candidates, terms_.cohortSize);
        uint16[] memory newSeats = _drawSeats(newSeed, drawn.eligible, terms_.committeeSize, newCohort);
        now_.cohortCount = uint8(newCohort.length);
        now_.seatCount = uint8(newSeats.length);
        (now_.committedMask, now_.bitmapSeats, now_.firstSlot, now_.slot) = (0, 0, 0, 0);
        marks = Marks(0, 0, uint32(RoundPhase.fullMask(newSeats.length)), 0, 0, 0);
        keepers[0] = msg.sender;
        emit RoundDrawn(now_.round, newSeed, newCohort, newSeats);
        return Phase.Commit;
    }

    function _drawCohort(
        Clock memory now_,
        bytes32 newSeed,
        uint256 candidates,
        uint256 size
    ) private returns (uint16[] memory ids) {
        unchecked {
            uint256 count = candidates < size ? candidates : size;
            uint256[] memory drawn;
            if (count == candidates) {
                drawn = new uint256[](count);
                for (uint256 i; i < count; ++i) drawn[i] = candidateIds[i];
            } else {
                drawn = Sortition.draw(newSeed, Sortition.COHORT, candidates, count);
                for (uint256 i; i < count; ++i) drawn[i] = candidateIds[drawn[i]];
            }
            FixedPoint.sort(drawn);
            ids = new uint16[](count);
            for (uint256 i; i < count; ++i) ids[i] = cohort[i] = uint16(drawn[i]);
            now_.aligned = drawn[count - 1] == count - 1;
        }
    }

    function _drawSeats(
        bytes32 newSeed,
        uint256 eligible,
        uint256 size,
        uint16[] memory newCohort
    ) private returns (uint16[] memory ids) {
        unchecked {
            uint256 count = eligible < size ? eligible : size;
            uint256[] memory drawn = Sortition.draw(newSeed, Sortition.COMMITTEE, eligible, count);
            ids = new uint16[](count);
            uint256 positions;
            for (uint256 seat; seat < count; ++seat) {
                ids[seat] = seats[seat] = candidateIds[drawn[seat]];
                uint256 position;
                while (position < newCohort.length && newCohort[position] != ids[seat]) ++position;
                positions |= (position < newCohort.length ? position : NOWHERE) << (8 * seat);
            }
            seatPositions = positions;
        }
    }

    /// @dev Also the snapshot for the next draw, and its entropy block: fixed before any salt is opened.
    function _closeCommits(Clock memory now_, JobTerms memory terms_) private returns (Phase) {
        _requireOver(now_, terms_, 0, now_.committedMask == RoundPhase.fullMask(now_.cohortCount));
        _applyQueue(terms_.unbondSeconds);
        draws.entropyBlock = uint64(block.number);
        draws.entropyRecorded = false;
        draws.abstained = 0;
        if (RoundPhase.popCount(now_.committedMask) < terms_.minCommits) return _skip(now_, terms_);
        keepers[1] = msg.sender;
        return Phase.Share;
    }

    function _closeShare(Clock memory now_, JobTerms memory terms_) private returns (Phase) {
        uint256 committed = now_.committedMask;
        uint256 opened = marks.opened;
        uint256 certified = _certified(now_) & committed;
        _requireOver(now_, terms_, 0, opened == committed && certified == committed);
        _missOpenings(now_, committed & ~opened, terms_.missSlash);
        (uint256 included, IncludedUpdate[] memory updates) = _includeSet(now_, opened & certified);
        if (updates.length < terms_.minCommits) return _skip(now_, terms_);
        bytes32 hash = keccak256(abi.encode(updates));
        marks.included = uint64(included);
        includeHash = hash;
        keepers[2] = msg.sender;
        emit IncludeSetFixed(now_.round, included, hash);
        return Phase.Propose;
    }

    /// @dev No slot is left: nobody proposed, or all that did were proven wrong.
    function _closeSlots(Clock memory now_, JobTerms memory terms_) private returns (Phase) {
        uint256 left = _slots(now_.firstSlot, now_.seatCount);
        _requireOver(now_, terms_, now_.seatCount - now_.firstSlot, marks.live & left == 0);
        _missSeats(now_, left);
        return _skip(now_, terms_);
    }

    /// @dev An aggregate that no quorum vouches for does not settle: its poster may hide it, so that nobody can prove it wrong.
    function _closeChallenge(Clock memory now_, JobTerms memory terms_) private returns (Phase) {
        Marks memory seen = marks;
        uint256 attested = seen.attested & seen.live;
        bool complete = attested == seen.live && seen.scoreCommitted & seen.live == seen.live;
        bool quorum = RoundPhase.popCount(attested) >= RoundPhase.quorumOf(now_.seatCount);
        _requireOver(now_, RoundPhase.lengthOf(Phase.Challenge, terms_, 0, quorum), terms_.phaseBlocks, complete);
        if (!complete && !quorum) {
            _nextSlot(now_);
            return Phase.Propose;
        }
        keepers[3] = msg.sender;
        return Phase.Score;
    }

    function _closeScores(Clock memory now_, JobTerms memory terms_) private returns (Phase) {
        Marks memory seen = marks;
        uint256 unopened = seen.scoreCommitted & seen.live & ~seen.scoreOpened;
        _requireOver(now_, terms_, 0, unopened == 0);
        _missSeats(now_, unopened);
        keepers[4] = msg.sender;
        _settle(now_, seen, terms_);
        return _nextRound(now_, terms_);
    }

    /// @dev The model stays, and the round's pay moves to the rounds that are left.
    function _skip(Clock memory now_, JobTerms memory terms_) private returns (Phase) {
        emit RoundSkipped(now_.round, now_.phase);
        return _nextRound(now_, terms_);
    }

    function _nextRound(Clock memory now_, JobTerms memory terms_) private pure returns (Phase) {
        if (now_.round == terms_.rounds) return Phase.Finished;
        ++now_.round;
        return Phase.Draw;
    }

    function _refund(Phase phase_) private {
        uint256 left = TREASURY.poolOf(address(this));
        TREASURY.refund();
        emit JobEnded(phase_, left);
    }

    function _requireOver(Clock memory now_, JobTerms memory terms_, uint256 slotsLeft, bool complete) private view {
        uint256 length = RoundPhase.lengthOf(now_.phase, terms_, slotsLeft, false);
        _requireOver(now_, length, terms_.phaseBlocks, complete);
    }

    /// @dev A phase lasts its seconds and its blocks, so that a chain that halts cannot skip the windows.
    function _requireOver(Clock memory now_, uint256 length, uint256 blocks, bool complete) private view {
        unchecked {
            if (complete) return;
            uint256 endTime = now_.phaseStart + length;
            uint256 endBlock = now_.phaseStartBlock + blocks;
            uint256 secondsLeft = endTime > block.timestamp ? endTime - block.timestamp : 0;
            uint256 blocksLeft = endBlock > block.number ? endBlock - block.number : 0;
            if (secondsLeft + blocksLeft > 0) revert NotYet(now_.phase, secondsLeft, blocksLeft);
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Verdict} from "../interfaces/ICourt.sol";
import {JobTerms, Phase} from "../interfaces/JobTypes.sol";
import {RoundPhase} from "../libraries/RoundPhase.sol";
import {Clockwork} from "./Clockwork.sol";
import {Draws} from "./Draws.sol";

/// @title The transitions that Job leaves to its desk: up to the close of commits, and what an unanswered demand does.
abstract contract Entrance is Draws, Clockwork {
    /// @dev Job's `advance()` forwards its call.
    function advance() external {
        Clock memory now_ = clock;
        _go(now_, _close(now_, _terms()));
    }

    function _close(Clock memory now_, JobTerms memory terms_) private returns (Phase) {
        Phase current = now_.phase;
        if (current == Phase.Joining) return _start(now_, terms_);
        if (current == Phase.Draw) return _draw(now_, terms_);
        if (current == Phase.Commit) return _closeCommits(now_, terms_);
        if (current == Phase.Challenge) return _judgeOverdue(now_, terms_);
        revert WrongPhase(current);
    }

    function _start(Clock memory now_, JobTerms memory terms_) private returns (Phase) {
        _applyQueues(terms_); // who was ejected meanwhile
        uint256 count = _candidateCount();
        if (count < terms_.startMembers) {
            _requireOver(now_, terms_, 0, false);
            if (count < MIN_COHORT) return Phase.Failed;
        }
        extras.entropyBlock = uint40(block.number);
        now_.round = 1;
        return Phase.Draw;
    }

    /// @dev Where too few can be drawn, those who wait in the queues are let in, and then the rest has time to come back.
    function _draw(Clock memory now_, JobTerms memory terms_) private returns (Phase) {
        if (_candidateCount() < MIN_COHORT) {
            _applyQueues(terms_);
            if (_candidateCount() < MIN_COHORT) {
                _requireOver(now_, terms_, 0, false);
                return Phase.Finished;
            }
            // Who came in knows the salts already: another block decides.
            (extras.entropyBlock, extras.entropyRecorded) = (uint40(block.number), false);
            return Phase.Draw;
        }
        _drawRound(now_, terms_);
        keepers[0] = msg.sender;
        return Phase.Commit;
    }

    /// @dev Also the snapshot for the next draw, and its entropy block: fixed before any salt is opened.
    function _closeCommits(Clock memory now_, JobTerms memory terms_) private returns (Phase) {
        _requireOver(now_, terms_, 0, now_.committedMask == RoundPhase.fullMask(now_.cohortCount));
        _applyQueues(terms_);
        Extras memory more = extras;
        now_.committedMask &= ~more.passed;
        (more.entropyBlock, more.entropyRecorded) = (uint40(block.number), false);
        (more.abstained, more.openDemands, more.windowEnd, more.windowEndBlock) = (0, 0, 0, 0);
        extras = more;
        if (RoundPhase.popCount(now_.committedMask) < terms_.minCommits) return _skip(now_, terms_);
        keepers[1] = msg.sender;
        return Phase.Share;
    }

    /// @dev A demand that nobody answered in time: the proposal falls with its poster, or the update with its owner.
    function _judgeOverdue(Clock memory now_, JobTerms memory terms_) private returns (Phase) {
        (Verdict verdict, address demander, uint256 index, bytes32 hash) = COURT.overdue();
        if (verdict == Verdict.None) revert DemandsOpen(extras.openDemands);
        _dropDemands();
        address rewarded = _walletOf(demander);
        if (verdict == Verdict.AggregateWithheld) {
            marks.live &= ~uint32(1 << now_.slot);
            _nextSlot(now_);
            _miss(now_, terms_, seats[now_.slot], terms_.faultSlash, rewarded);
            return Phase.Propose;
        }
        _withholdUpdate(now_, terms_, index, hash, rewarded);
        return RoundPhase.popCount(marks.included) < terms_.minCommits ? _skip(now_, terms_) : Phase.Propose;
    }

    /// @dev The poster did nothing wrong and may propose again, over what is left; scores of the old include set are void.
    function _withholdUpdate(
        Clock memory now_,
        JobTerms memory terms_,
        uint256 index,
        bytes32 hash,
        address rewarded
    ) private {
        Marks memory seen = marks;
        uint256 position = RoundPhase.indexOfBit(seen.included, index);
        seen.included &= ~uint64(1 << position);
        (seen.attested, seen.scoreCommitted) = (0, 0);
        marks = seen;
        includeHash = hash;
        now_.firstSlot = now_.slot;
        uint16 owner = cohort[position];
        emit UpdateWithheld(now_.round, owner, seen.included, hash);
        _miss(now_, terms_, owner, terms_.faultSlash, rewarded);
        for (uint256 seat; seat < now_.seatCount; ++seat) {
            if (!_hasBit(now_.bitmapSeats, seat) || !_hasBit(bitmaps[seat], position)) continue;
            _miss(now_, terms_, seats[seat], terms_.missSlash, address(0));
        }
    }
}

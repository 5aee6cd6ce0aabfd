// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJobRounds} from "../interfaces/IJobRounds.sol";
import {JobTerms, Phase} from "../interfaces/JobTypes.sol";
import {RoundPhase} from "../libraries/RoundPhase.sol";
import {Clockwork} from "./Clockwork.sol";
import {IncludeSet} from "./IncludeSet.sol";
import {Settlement} from "./Settlement.sol";

/// @title The transitions from Share on: one small function a phase. `advance()` calls them, and so does a relayed posting
/// that completes its phase.
abstract contract Transitions is IJobRounds, Clockwork, IncludeSet, Settlement {
    function advance() external {
        Clock memory now_ = clock;
        if (now_.phase < Phase.Share || (now_.phase == Phase.Challenge && extras.openDemands > 0)) _leaveToDesk();
        else _go(now_, _close(now_, _terms()));
    }

    /// @dev Forwards the call.
    function _leaveToDesk() internal virtual;

    function _close(Clock memory now_, JobTerms memory terms_) private returns (Phase) {
        Phase current = now_.phase;
        if (current == Phase.Share) return _closeShare(now_, terms_, _loadShared(now_));
        if (current == Phase.Propose) return _closeSlots(now_, terms_);
        if (current == Phase.Challenge) return _closeChallenge(now_, terms_);
        if (current == Phase.Score) return _closeScores(now_, terms_);
        revert WrongPhase(current);
    }

    function _closeShare(Clock memory now_, JobTerms memory terms_, Shared memory shared) internal returns (Phase) {
        uint256 committed = now_.committedMask;
        uint256 certified = _certified(now_, shared.bitmaps) & committed;
        _requireOver(now_, terms_, 0, _isShared(now_, shared.opened, certified));
        return _fixIncludeSet(now_, shared, certified, terms_) ? Phase.Propose : _skip(now_, terms_);
    }

    function _isShared(Clock memory now_, uint256 opened, uint256 certified) internal pure returns (bool) {
        return opened == now_.committedMask && certified == now_.committedMask;
    }

    /// @dev No slot is left: nobody proposed, or all that did were proven wrong.
    function _closeSlots(Clock memory now_, JobTerms memory terms_) private returns (Phase) {
        uint256 left = _slots(now_.firstSlot, now_.seatCount);
        _requireOver(now_, terms_, now_.seatCount - now_.firstSlot, marks.live & left == 0);
        _missSeats(now_, left, terms_);
        return _skip(now_, terms_);
    }

    /// @dev An aggregate that no quorum vouches for does not settle: its poster may hide it, so that nobody can prove it wrong.
    function _closeChallenge(Clock memory now_, JobTerms memory terms_) internal returns (Phase) {
        uint256 windowEnd = extras.windowEnd;
        if (block.timestamp < windowEnd) revert NotYet(now_.phase, windowEnd - block.timestamp, 0);
        Marks memory seen = marks;
        bool complete = _isJudged(seen);
        bool quorum = RoundPhase.popCount(seen.attested & seen.live) >= RoundPhase.quorumOf(now_.seatCount);
        _requireOver(now_, RoundPhase.lengthOf(Phase.Challenge, terms_, 0, quorum), terms_.phaseBlocks, complete);
        if (!complete && !quorum) {
            _nextSlot(now_);
            return Phase.Propose;
        }
        keepers[3] = msg.sender;
        return Phase.Score;
    }

    /// @dev All live seats have attested and committed their scores.
    function _isJudged(Marks memory seen) internal pure returns (bool) {
        return seen.attested & seen.scoreCommitted & seen.live == seen.live;
    }

    function _closeScores(Clock memory now_, JobTerms memory terms_) internal returns (Phase) {
        Marks memory seen = marks;
        uint256 unopened = seen.scoreCommitted & seen.live & ~seen.scoreOpened;
        _requireOver(now_, terms_, 0, unopened == 0);
        _missSeats(now_, unopened, terms_);
        _settle(now_, seen, terms_);
        return _nextRound(now_, terms_);
    }
}

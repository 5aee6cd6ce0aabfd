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
        bool enough = _fixIncludeSet(now_, shared, certified, terms_);
        return enough && _isQuorum(now_, marks.live) ? Phase.Propose : _skip(now_, terms_);
    }

    function _isShared(Clock memory now_, uint256 opened, uint256 certified) internal pure returns (bool) {
        return opened == now_.committedMask && certified == now_.committedMask;
    }

    /// @dev No slot is left: nobody proposed, or all that did were proven wrong. Or too few seats are left to settle.
    function _closeSlots(Clock memory now_, JobTerms memory terms_) private returns (Phase) {
        uint256 left = marks.live & _slots(now_.firstSlot, now_.seatCount);
        _requireOver(now_, terms_, RoundPhase.popCount(left), left == 0 || !_isQuorum(now_, marks.live));
        if (_isQuorum(now_, marks.live)) _missSeats(now_, left, terms_);
        return _skip(now_, terms_);
    }

    /// @dev An aggregate that no quorum vouches for does not settle: its poster may hide it, so that nobody can prove it wrong.
    function _closeChallenge(Clock memory now_, JobTerms memory terms_) internal returns (Phase) {
        _requireWindowOver(now_);
        Marks memory seen = marks;
        bool complete = _isJudged(now_, seen);
        bool quorum = _isQuorum(now_, seen.attested & seen.live);
        _requireOver(now_, RoundPhase.lengthOf(Phase.Challenge, terms_, 0, quorum), terms_.phaseBlocks, complete);
        if (!quorum) {
            _nextSlot(now_);
            return Phase.Propose;
        }
        keepers[3] = msg.sender;
        return Phase.Score;
    }

    /// @dev All live seats have attested and committed their scores, and they are a quorum.
    function _isJudged(Clock memory now_, Marks memory seen) internal pure returns (bool) {
        return seen.attested & seen.scoreCommitted & seen.live == seen.live && _isQuorum(now_, seen.live);
    }

    /// @dev Of all seats that were drawn, dead ones included.
    function _isQuorum(Clock memory now_, uint256 mask) internal pure returns (bool) {
        return RoundPhase.popCount(mask) >= RoundPhase.quorumOf(now_.seatCount);
    }

    /// @dev Answered demands keep the window open, in seconds and in blocks.
    function _requireWindowOver(Clock memory now_) private view {
        (uint256 end, uint256 endBlock) = (extras.windowEnd, extras.windowEndBlock);
        if (block.timestamp >= end && block.number >= endBlock) return;
        uint256 secondsLeft = end > block.timestamp ? end - block.timestamp : 0;
        revert NotYet(now_.phase, secondsLeft, endBlock > block.number ? endBlock - block.number : 0);
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

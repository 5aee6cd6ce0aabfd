// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {JobTerms, Phase} from "../interfaces/JobTypes.sol";
import {RoundPhase} from "../libraries/RoundPhase.sol";
import {Slashing} from "./Slashing.sol";

/// @title When a phase is over, and what comes after a round.
abstract contract Clockwork is Slashing {
    function _go(Clock memory now_, Phase next) internal {
        _enter(now_, next);
        if (!_hasEnded(next)) return;
        uint256 refunded = TREASURY.refund(_sponsor(), ledger.owed);
        emit JobEnded(next, refunded);
    }

    /// @dev The model stays, and the round's pay moves to the rounds that are left.
    function _skip(Clock memory now_, JobTerms memory terms_) internal returns (Phase) {
        emit RoundSkipped(now_.round, now_.phase);
        return _nextRound(now_, terms_);
    }

    function _nextRound(Clock memory now_, JobTerms memory terms_) internal pure returns (Phase) {
        if (now_.round == terms_.rounds) return Phase.Finished;
        ++now_.round;
        return Phase.Draw;
    }

    function _requireOver(Clock memory now_, JobTerms memory terms_, uint256 slotsLeft, bool complete) internal view {
        uint256 length = RoundPhase.lengthOf(now_.phase, terms_, slotsLeft, false);
        uint256 turns = now_.phase == Phase.Propose ? slotsLeft : 1;
        _requireOver(now_, length, turns * terms_.phaseBlocks, complete);
    }

    /// @dev A phase lasts its seconds and its blocks, so that a chain that halts cannot skip the windows.
    function _requireOver(Clock memory now_, uint256 length, uint256 blocks, bool complete) internal view {
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

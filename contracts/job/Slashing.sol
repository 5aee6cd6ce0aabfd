// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {JobTerms, Phase} from "../interfaces/IJob.sol";
import {RoundPhase} from "../libraries/RoundPhase.sol";
import {Membership} from "./Membership.sol";

/// @title What a missed duty and a proven fault cost, and how a phase is entered.
abstract contract Slashing is Membership {
    function faultAggregate(address prover) external {
        if (msg.sender != COURT) revert OnlyCourt(msg.sender);
        Clock memory now_ = clock;
        if (now_.phase != Phase.Challenge) revert WrongPhase(now_.phase);

        Marks memory seen = marks;
        uint256 faulty = seen.attested | (1 << now_.slot);
        marks.live = uint32(seen.live & ~faulty);
        uint256 poster = now_.slot;
        _nextSlot(now_);
        _enter(now_, Phase.Propose);
        address rewarded = _walletOf(prover);

        JobTerms memory terms_ = _terms();
        for (uint256 seat; seat < now_.seatCount; ++seat) {
            if (!_hasBit(faulty, seat)) continue;
            uint16 id = seats[seat];
            _bar(id);
            // Only the poster's stake pays the prover, so that accomplices cannot be set up for a reward each.
            (address to, uint256 reward) = seat == poster ? (rewarded, uint256(terms_.proofReward)) : (address(0), 0);
            uint256 taken = TREASURY.slash(memberRecords[id].wallet, terms_.faultSlash, to, reward);
            emit MemberFaulted(now_.round, id, prover, taken);
        }
    }

    /// @dev The standing proposal falls: the slots after its own are open.
    function _nextSlot(Clock memory now_) internal {
        marks.attested = 0;
        now_.firstSlot = now_.slot + 1;
    }

    /// @dev What an operator earns goes to its wallet; somebody else's goes to itself.
    function _walletOf(address account) internal view returns (address) {
        address wallet = REGISTRY.walletOf(account);
        return wallet == address(0) ? account : wallet;
    }

    /// @dev Slashes the seats of `mask` for a missed duty of the phase.
    function _missSeats(Clock memory now_, uint256 mask) internal {
        mask &= marks.live;
        if (mask == 0) return;
        uint256 amount = _terms().missSlash;
        for (uint256 seat; seat < now_.seatCount; ++seat) {
            if (_hasBit(mask, seat)) _miss(now_, seats[seat], amount);
        }
    }

    function _miss(Clock memory now_, uint16 id, uint256 amount) internal {
        uint256 taken = TREASURY.slash(memberRecords[id].wallet, amount, address(0), 0);
        emit MemberMissed(now_.round, id, now_.phase, taken);
    }

    /// @dev Mask of the slots from `first` up to `end`, which is not included.
    function _slots(uint256 first, uint256 end) internal pure returns (uint256) {
        return RoundPhase.fullMask(end) & ~RoundPhase.fullMask(first);
    }

    /// @dev Writes the clock back with the new phase.
    function _enter(Clock memory now_, Phase next) internal {
        now_.phase = next;
        now_.phaseStart = uint40(block.timestamp);
        now_.phaseStartBlock = uint40(block.number);
        clock = now_;
        emit PhaseEntered(now_.round, next);
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {JobTerms, Phase} from "../interfaces/JobTypes.sol";
import {RoundPhase} from "../libraries/RoundPhase.sol";
import {Roster} from "./Roster.sol";

/// @title What a missed duty and a proven fault cost, and how a phase is entered.
abstract contract Slashing is Roster {
    /// @dev Ejects a member for a proven fault. Without stake, what it has not yet claimed is forfeited.
    /// @param amount of stake to take, as far as it is there
    /// @param rewarded who gets the reward of the terms; the zero address for nobody
    function _fault(
        Clock memory now_,
        JobTerms memory terms_,
        uint256 id,
        uint256 amount,
        address prover,
        address rewarded
    ) internal {
        _eject(id);
        MemberRecord storage member = memberRecords[id];
        uint96 credit = member.credit;
        if (terms_.stake == 0 && credit > 0) {
            member.credit = 0;
            ledger.owed -= credit;
            TREASURY.forfeit(credit);
        }
        uint256 taken = TREASURY.slash(member.wallet, amount, rewarded, terms_.proofReward);
        emit MemberFaulted(now_.round, uint16(id), prover, taken);
    }

    /// @dev Demands fall with the proposal that they were made on; the Court knows by itself.
    function _dropDemands() internal {
        (extras.openDemands, extras.windowEnd, extras.windowEndBlock) = (0, 0, 0);
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
    function _missSeats(Clock memory now_, uint256 mask, JobTerms memory terms_) internal {
        mask &= marks.live;
        for (uint256 seat; mask >> seat != 0; ++seat) {
            if (_hasBit(mask, seat)) _miss(now_, terms_, seats[seat], terms_.missSlash, address(0));
        }
    }

    /// @dev Takes stake for something missed, and suspends; who has too little left to take is ejected.
    function _miss(Clock memory now_, JobTerms memory terms_, uint256 id, uint256 amount, address rewarded) internal {
        uint256 taken = TREASURY.slash(memberRecords[id].wallet, amount, rewarded, terms_.proofReward);
        if (taken < amount) _eject(id);
        else _suspend(id, now_.round, terms_.suspendDraws);
        emit MemberMissed(now_.round, uint16(id), now_.phase, amount, taken);
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

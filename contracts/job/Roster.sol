// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {JobTerms, Phase} from "../interfaces/JobTypes.sol";
import {SumTree} from "../libraries/SumTree.sol";
import {JobStorage} from "./JobStorage.sol";

/// @title Who can be drawn. During a round, changes wait in two queues until its commits close: that is the snapshot of the
/// next draw. Who goes is served first, so that a flood of newcomers keeps nobody in.
abstract contract Roster is JobStorage {
    using SumTree for SumTree.Tree;

    /// @dev They bound the gas of a transition; the rest waits for the next round.
    uint256 private constant DEPARTURES_A_ROUND = 64;
    uint256 private constant ARRIVALS_A_ROUND = 32;
    /// @dev So many times the least stake count in a stake-weighted draw.
    uint256 private constant MAX_DRAW_WEIGHT = 1_000;

    /// @dev A member's draw weight falls to zero with the next snapshot.
    function _enqueueDeparture(uint256 id) internal {
        MemberRecord storage member = memberRecords[id];
        if (member.departing) return;
        member.departing = true;
        departures[ledger.departuresEnd % MAX_MEMBERS] = uint16(id);
        ++ledger.departuresEnd;
    }

    /// @dev A member's draw weight is worked out anew at the next snapshot.
    function _enqueueArrival(uint256 id) internal {
        MemberRecord storage member = memberRecords[id];
        if (member.arriving) return;
        member.arriving = true;
        arrivals[ledger.arrivalsEnd % MAX_MEMBERS] = uint16(id);
        ++ledger.arrivalsEnd;
    }

    function _applyQueues(JobTerms memory terms_) internal {
        Ledger memory kept = ledger;
        if (kept.departuresHead == kept.departuresEnd && kept.arrivalsHead == kept.arrivalsEnd) return;
        for (uint256 i; i < DEPARTURES_A_ROUND && kept.departuresHead != kept.departuresEnd; ++i) {
            uint256 id = departures[kept.departuresHead++ % MAX_MEMBERS];
            memberRecords[id].departing = false;
            _reweigh(id, terms_);
        }
        for (uint256 i; i < ARRIVALS_A_ROUND && kept.arrivalsHead != kept.arrivalsEnd; ++i) {
            uint256 id = arrivals[kept.arrivalsHead++ % MAX_MEMBERS];
            memberRecords[id].arriving = false;
            _reweigh(id, terms_);
        }
        ledger = kept;
    }

    /// @dev Works out a member's draw weight; the stake of one that left or was ejected unbonds
    /// from here on, unless it is drawn in the running round: then from when somebody calls `unbond` after it.
    function _reweigh(uint256 id, JobTerms memory terms_) internal {
        MemberRecord storage member = memberRecords[id];
        bool stays = member.active && !member.ejected;
        candidates.set(id, stays && member.suspendedUntil == 0 ? _drawWeight(member.wallet, terms_) : 0);
        if (stays || member.gone) return;
        member.gone = true;
        if (!_isDrawn(id)) _unbond(member.wallet, terms_);
    }

    function _unbond(address wallet, JobTerms memory terms_) internal {
        TREASURY.unbond(wallet, block.timestamp + terms_.unbondSeconds);
    }

    /// @dev Whether a member trains or sits in the running round.
    function _isDrawn(uint256 id) internal view returns (bool) {
        Clock memory now_ = clock;
        if (now_.phase <= Phase.Draw || _hasEnded(now_.phase)) return false;
        for (uint256 i; i < now_.cohortCount; ++i) if (cohort[i] == id) return true;
        for (uint256 i; i < now_.seatCount; ++i) if (seats[i] == id) return true;
        return false;
    }

    function _drawWeight(address wallet, JobTerms memory terms_) private view returns (uint256 weight) {
        if (!terms_.stakeWeighted) return 1;
        weight = TREASURY.stakeOf(address(this), wallet) / terms_.stake;
        if (weight == 0) return 1; // slashed below the least stake, but not ejected
        if (weight > MAX_DRAW_WEIGHT) return MAX_DRAW_WEIGHT;
    }

    function _eject(uint256 id) internal {
        memberRecords[id].ejected = true;
        emit Ejected(uint16(id));
        _enqueueDeparture(id);
    }

    /// @dev Out of the next `draws` draws, and then until somebody calls `resume`.
    function _suspend(uint256 id, uint256 round, uint256 draws) internal {
        if (draws > 0) memberRecords[id].suspendedUntil = uint32(round + 1 + draws);
        _enqueueDeparture(id); // also without a suspension: its stake fell
    }
}

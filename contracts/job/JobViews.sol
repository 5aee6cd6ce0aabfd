// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJobDesk} from "../interfaces/IJobDesk.sol";
import {JobTerms, Member, Phase, RoundView} from "../interfaces/JobTypes.sol";
import {SumTree} from "../libraries/SumTree.sol";
import {Roster} from "./Roster.sol";

/// @title What can be read of a job.
abstract contract JobViews is IJobDesk, Roster {
    using SumTree for SumTree.Tree;

    function terms() external view returns (JobTerms memory) {
        return _terms();
    }

    function sponsor() external view returns (address) {
        return _sponsor();
    }

    function phase() external view returns (Phase) {
        return clock.phase;
    }

    function memberCount() external view returns (uint256) {
        return ledger.members;
    }

    function memberIdPlusOne(address wallet) external view returns (uint256) {
        return memberIds[wallet];
    }

    function roundRecord(uint32 round) external view returns (bytes32) {
        return records[round];
    }

    function members(uint256 from, uint256 to) external view returns (Member[] memory list) {
        if (to > ledger.members) to = ledger.members;
        if (from >= to) return list;
        list = new Member[](to - from);
        for (uint256 id = from; id < to; ++id) {
            MemberRecord memory member = memberRecords[id];
            list[id - from] = Member({
                operator: _operatorOf(clock.round, id),
                wallet: member.wallet,
                trailingScore: trailingScores[id],
                suspendedUntil: member.suspendedUntil,
                weight: uint16(candidates.weightOf(id)),
                credit: member.credit,
                active: member.active,
                ejected: member.ejected
            });
        }
    }

    function isDrawn(address wallet) external view returns (bool) {
        return memberIds[wallet] != 0 && _isDrawn(memberIds[wallet] - 1);
    }

    function standingProposal()
        external
        view
        returns (uint32 round, uint8 slot, uint256 proposedAt, bytes32 roundSeed, bytes32 included, bytes32 root)
    {
        return (clock.round, clock.slot, clock.phaseStart, seed, includeHash, _standingRoot(clock.phase));
    }

    function roundView() external view returns (RoundView memory view_) {
        Clock memory now_ = clock;
        view_.phase = now_.phase;
        view_.round = now_.round;
        view_.phaseStart = now_.phaseStart;
        view_.phaseStartBlock = now_.phaseStartBlock;
        view_.blockTime = uint64(block.timestamp);
        view_.blockNumber = uint64(block.number);
        view_.seed = seed;
        view_.modelId = _modelId();
        // Joining and Draw: nothing of the round that is over.
        if (now_.phase > Phase.Draw) _viewRound(view_, now_);
    }

    function _viewRound(RoundView memory view_, Clock memory now_) private view {
        Marks memory seen = marks;
        view_.committedMask = now_.committedMask;
        view_.passedMask = extras.passed;
        view_.openedMask = seen.opened;
        view_.includedMask = seen.included;
        view_.liveSeats = seen.live;
        view_.firstSlot = now_.firstSlot;
        view_.slot = now_.slot;
        if (seen.included != 0) view_.includeHash = includeHash;
        view_.aggregateRoot = _standingRoot(now_.phase);
        view_.attestedMask = seen.attested;
        view_.scoreCommittedMask = seen.scoreCommitted;
        view_.scoreOpenedMask = seen.scoreOpened;
        view_.openDemands = extras.openDemands;
        view_.windowEnd = extras.windowEnd;
        view_.windowEndBlock = extras.windowEndBlock;
        _viewCohort(view_, now_, seen.opened);
        _viewSeats(view_, now_);
    }

    function _viewCohort(RoundView memory view_, Clock memory now_, uint256 opened) private view {
        view_.cohort = new uint16[](now_.cohortCount);
        for (uint256 position; position < now_.cohortCount; ++position) view_.cohort[position] = cohort[position];
        if (now_.phase > Phase.Share) return; // the updates that count are in the event IncludeSetFixed
        view_.updateRoots = new bytes32[](now_.cohortCount);
        view_.exampleCounts = new uint32[](now_.cohortCount);
        for (uint256 position; position < now_.cohortCount; ++position) {
            if (_hasBit(opened, position)) {
                view_.updateRoots[position] = bytes32(commits[position]);
                view_.exampleCounts[position] = openings[position] & 0xffffff;
            } else if (_hasBit(now_.committedMask, position)) {
                view_.updateRoots[position] = bytes32(commits[position] & ~uint256(0xff));
            }
        }
    }

    function _viewSeats(RoundView memory view_, Clock memory now_) private view {
        view_.seats = new uint16[](now_.seatCount);
        view_.bitmaps = new uint256[](now_.seatCount);
        for (uint256 seat; seat < now_.seatCount; ++seat) {
            view_.seats[seat] = seats[seat];
            if (_hasBit(now_.bitmapSeats, seat)) view_.bitmaps[seat] = bitmaps[seat];
        }
    }

    function _standingRoot(Phase current) private view returns (bytes32) {
        return current == Phase.Challenge || current == Phase.Score ? aggregateRoot : bytes32(0);
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {JobTerms, Member, Phase, RoundView} from "../interfaces/IJob.sol";
import {JobStorage} from "./JobStorage.sol";

/// @title What can be read of a job.
abstract contract JobViews is JobStorage {
    function terms() external view returns (JobTerms memory) {
        return _terms();
    }

    function phase() external view returns (Phase) {
        return clock.phase;
    }

    function memberCount() external view returns (uint256) {
        return draws.members;
    }

    function members(uint256 from, uint256 to) external view returns (Member[] memory list) {
        if (to > draws.members) to = draws.members;
        if (from >= to) return list;
        list = new Member[](to - from);
        for (uint256 id = from; id < to; ++id) {
            MemberRecord storage member = memberRecords[id];
            list[id - from] = Member(member.operator, member.wallet, trailingScores[id], member.barred, member.active);
        }
    }

    function standingProposal()
        external
        view
        returns (uint32 round, bytes32 roundSeed, bytes32 included, bytes32 root, address poster)
    {
        Clock memory now_ = clock;
        (round, roundSeed, included, root) = (now_.round, seed, includeHash, _standingRoot(now_.phase));
        if (root != 0) poster = memberRecords[seats[now_.slot]].operator;
    }

    function roundView() external view returns (RoundView memory view_) {
        Clock memory now_ = clock;
        Marks memory seen = marks;
        view_.phase = now_.phase;
        view_.round = now_.round;
        view_.phaseStart = now_.phaseStart;
        view_.phaseStartBlock = now_.phaseStartBlock;
        view_.blockTime = uint64(block.timestamp);
        view_.blockNumber = uint64(block.number);
        view_.seed = seed;
        view_.modelId = modelId;
        view_.committedMask = now_.committedMask;
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
        _viewCohort(view_, now_, seen.opened);
        _viewSeats(view_, now_);
    }

    function _viewCohort(RoundView memory view_, Clock memory now_, uint256 opened) private view {
        view_.cohort = new uint16[](now_.cohortCount);
        view_.updateRoots = new bytes32[](now_.cohortCount);
        view_.exampleCounts = new uint32[](now_.cohortCount);
        for (uint256 position; position < now_.cohortCount; ++position) {
            view_.cohort[position] = cohort[position];
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

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICourt} from "../../../contracts/interfaces/ICourt.sol";
import {IJob} from "../../../contracts/interfaces/IJob.sol";
import {IJobEvents} from "../../../contracts/interfaces/IJobEvents.sol";
import {IncludedUpdate, Phase} from "../../../contracts/interfaces/JobTypes.sol";
import {Vm} from "../helpers/Vm.sol";
import {Duties} from "./Duties.sol";

/// @dev Reads what happened in jobs, and checks that it may follow what happened before.
abstract contract History is Duties {
    /// @dev After an act: everything booked, and the worth of all whom it touched compared.
    function _witness() internal {
        _note();
        _checkLosses();
        (actor, mayFault, provingStanding) = (address(0), 0, false);
    }

    /// @dev What was told since it was last read.
    function _note() internal {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            address emitter = logs[i].emitter;
            if (emitter == address(coin) || emitter == address(otherCoin)) {
                _touch(_address(logs[i].topics[1]));
                _touch(_address(logs[i].topics[2]));
            }
            if (emitter == address(treasury)) _readTreasury(logs[i]);
            else if (emitter == address(court)) _readCourt(logs[i]);
            else if (_isKnown(emitter)) _readJob(books[emitter], IJob(emitter), logs[i]);
        }
        assertLe(rewards, 1, "more than one reward for one proof");
        rewards = 0;
        assertEq(pending.slashed, address(0), "a slash that nothing explains");
        assertEq(pending.keepersPay + pending.forfeited, 0, "money moved and nothing explains it");
    }

    /// @dev The runner also remembers what a call told that reverted.
    function _forget() internal {
        vm.getRecordedLogs();
    }

    function _readCourt(Vm.Log memory log) private {
        bytes32 kind = log.topics[0];
        address job = _address(log.topics[1]);
        uint256 id = uint256(log.topics[2]);
        address account_ = _address(log.topics[3]);
        if (kind == ICourt.Demanded.selector) {
            _demanded(job, id, account_, log.data);
        } else if (kind == ICourt.Answered.selector) {
            _count("demand answered");
            _answered(job, id, account_);
        } else if (kind == ICourt.BondReturned.selector) {
            _returned(job, id, account_);
        } else if (kind == ICourt.Overdue.selector) {
            _count("demand overdue");
        }
    }

    function _readJob(JobBook storage book, IJob job, Vm.Log memory log) private {
        bytes32 kind = log.topics[0];
        if (kind == IJobEvents.PhaseEntered.selector) return _readPhase(book, log);
        if (kind == IJobEvents.Joined.selector) return _readJoined(book, log);
        if (kind == IJobEvents.CreditClaimed.selector) return _readCreditClaimed(book, log);
        if (kind == IJobEvents.RoundDrawn.selector) return _readDraw(book, job, log);
        if (kind == IJobEvents.IncludeSetFixed.selector) return _readIncludeSet(book, job, log);
        if (kind == IJobEvents.UpdateWithheld.selector) return _readWithheld(book, log);
        if (kind == IJobEvents.ScoreOpened.selector) return _readScore(book, log);
        if (kind == IJobEvents.MemberFaulted.selector) return _readFault(book, job, log);
        if (kind == IJobEvents.MemberMissed.selector) return _readMiss(book, job, log);
        if (kind == IJobEvents.Proposed.selector) return _readProposed(book, log);
        if (kind == IJobEvents.RoundFaulty.selector) return _count("settled round proven wrong");
        if (kind == IJobEvents.RoundSettled.selector) return _readSettled(book, job, log);
        if (kind == IJobEvents.RoundSkipped.selector) return _readSkipped(book, log);
        if (kind == IJobEvents.Resumed.selector) return _comeBack(book, uint256(log.topics[1]));
        if (kind == IJobEvents.Ejected.selector || kind == IJobEvents.Left.selector) {
            _leaveDraws(book, uint256(log.topics[1]), true);
        }
    }

    function _readSkipped(JobBook storage book, Vm.Log memory log) private {
        ++book.outcomes;
        _count(string.concat("skipped in ", _nameOf(abi.decode(log.data, (Phase)))));
    }

    function _readPhase(JobBook storage book, Vm.Log memory log) private {
        uint32 round = uint32(uint256(log.topics[1]));
        Phase next = abi.decode(log.data, (Phase));
        Phase from = book.phase;
        assertTrue(_mayFollow(from, next), "a phase that may not follow");
        bool over = next == Phase.Draw || next == Phase.Finished;
        uint256 outcomes = over && from > Phase.Draw ? 1 : 0;
        if (over) assertEq(book.outcomes, outcomes, "a round ends settled or skipped, and once");
        uint256 rounds = next == Phase.Draw && from != Phase.Draw ? 1 : 0;
        assertEq(round, uint256(book.round) + rounds, "rounds are counted one by one");
        if (from == Phase.Commit || from == Phase.Joining || next == from) _takeSnapshot(book);
        // The next slot, or the same one where an update was withheld and nobody lied.
        if (from == Phase.Challenge && next == Phase.Propose && withheld > 0) --book.nextSlot;
        (book.phase, book.round, withheld) = (next, round, 0);
        if (over) _endRound(book, from);
        _count(string.concat("entered ", _nameOf(next)));
    }

    function _endRound(JobBook storage book, Phase from) private {
        (book.outcomes, book.nextSlot) = (0, 0);
        if (from <= Phase.Draw) return;
        for (uint256 i; i < book.cohort.length; ++i) book.lastDuty[book.cohort[i]] = vm.getBlockTimestamp();
        for (uint256 i; i < book.seats.length; ++i) book.lastDuty[book.seats[i]] = vm.getBlockTimestamp();
    }

    function _readProposed(JobBook storage book, Vm.Log memory log) private {
        (uint256 slot, ) = abi.decode(log.data, (uint256, bytes32));
        assertEq(uint256(log.topics[2]), book.seats[slot], "a proposal of another seat");
        assertLe(book.nextSlot, slot, "a slot that is gone");
        book.nextSlot = slot + 1;
    }

    function _mayFollow(Phase from, Phase next) private pure returns (bool) {
        if (from == Phase.Joining) return next == Phase.Draw || next == Phase.Failed;
        if (from >= Phase.Finished) return false;
        // A draw begins again once it has let in those without whom there were too few.
        if (next == Phase.Finished || (next == Phase.Draw && from >= Phase.Draw)) return true;
        if (from == Phase.Challenge && next == Phase.Propose) return true;
        return uint256(next) == uint256(from) + 1;
    }

    function _readJoined(JobBook storage book, Vm.Log memory log) private {
        address wallet = _address(log.topics[2]);
        assertEq(uint256(log.topics[1]), book.wallets.length, "ids are not counted one by one");
        assertEq(wallet, actor, "somebody was made to join");
        book.wallets.push(wallet);
        book.ids[wallet] = book.wallets.length;
    }

    function _readCreditClaimed(JobBook storage book, Vm.Log memory log) private {
        uint256 amount = abi.decode(log.data, (uint256));
        assertEq(amount, _settleCredit(book, uint256(log.topics[1])), "not all of a member's credit was claimed");
    }

    function _readDraw(JobBook storage book, IJob job, Vm.Log memory log) private {
        (, book.cohort, book.seats) = abi.decode(log.data, (bytes32, uint16[], uint16[]));
        (book.scored, book.faulted) = (0, 0);
        assertTrue(book.cohort.length >= 3 && book.cohort.length <= job.terms().cohortSize, "no such cohort");
        assertTrue(book.seats.length >= 3 && book.seats.length <= job.terms().committeeSize, "no such committee");
        for (uint256 i; i < book.cohort.length; ++i) {
            assertTrue(!book.absences[book.cohort[i]].gone, "who was gone was drawn into the cohort");
            if (i > 0) assertLt(uint256(book.cohort[i - 1]), book.cohort[i], "the cohort is out of order");
        }
        for (uint256 i; i < book.seats.length; ++i) {
            assertTrue(!book.absences[book.seats[i]].gone, "who was gone was drawn into the committee");
            for (uint256 k; k < i; ++k) assertTrue(book.seats[i] != book.seats[k], "two seats for one member");
        }
    }

    function _readIncludeSet(JobBook storage book, IJob job, Vm.Log memory log) private {
        (uint256 mask, , IncludedUpdate[] memory updates) = abi.decode(log.data, (uint256, bytes32, IncludedUpdate[]));
        assertLe(job.terms().minCommits, updates.length, "too few updates are included");
        uint256[] memory bitmaps = job.roundView().bitmaps;
        delete book.updates;
        uint256 k;
        for (uint256 position; mask >> position != 0; ++position) {
            if ((mask >> position) & 1 == 0) continue;
            assertEq(updates[k].memberId, book.cohort[position], "an update of somebody else");
            if (bitmaps.length > 0) _checkCertified(book, bitmaps, position);
            for (uint256 i; i < k; ++i) assertNotEq(updates[i].updateRoot, updates[k].updateRoot, "one root twice");
            book.updates.push(updates[k++]);
        }
        assertEq(k, updates.length, "the mask is not the include set");
    }

    /// @dev Two thirds of the seats that may certify it, counted one by one.
    function _checkCertified(JobBook storage book, uint256[] memory bitmaps, uint256 position) private view {
        uint256 judges;
        uint256 votes;
        for (uint256 seat; seat < book.seats.length; ++seat) {
            if (book.seats[seat] == book.cohort[position]) continue;
            ++judges;
            votes += (bitmaps[seat] >> position) & 1;
        }
        assertLe(2 * judges, 3 * votes, "no quorum holds an update that is included");
    }

    function _readWithheld(JobBook storage book, Vm.Log memory log) private {
        _count("update withheld");
        uint256 memberId = uint256(log.topics[2]);
        uint256 left = book.updates.length - 1;
        bool found;
        for (uint256 k; k < left; ++k) {
            found = found || book.updates[k].memberId == memberId;
            if (found) book.updates[k] = book.updates[k + 1];
        }
        assertTrue(found || book.updates[left].memberId == memberId, "the update withheld was not included");
        book.updates.pop();
        withheld = memberId + 1;
    }

    function _readScore(JobBook storage book, Vm.Log memory log) private {
        (uint256 seat, bytes memory vector) = abi.decode(log.data, (uint256, bytes));
        book.scored |= 1 << seat;
        book.vectors[seat] = vector;
        _count(vector.length == 0 ? "abstained" : "scored");
    }
}

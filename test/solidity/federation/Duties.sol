// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJob} from "../../../contracts/interfaces/IJob.sol";
import {JobTerms, Phase, RoundView} from "../../../contracts/interfaces/JobTypes.sol";
import {Vm} from "../helpers/Vm.sol";
import {Settling} from "./Settling.sol";

/// @dev Reads faults and missed duties: who is slashed must be named, must not have done its duty, and must still have been
/// bonded; and who is out of the draws is not drawn.
abstract contract Duties is Settling {
    /// @dev A round as it stood before the act.
    struct Seen {
        IJob job;
        uint32 round;
        Phase phase;
        uint8 slot;
        uint256 committed; // by position
        uint256 opened;
        uint256 live; // by seat
        uint256 scoreCommitted;
        uint256 scoreOpened;
    }

    Seen private seen;
    /// @dev Bits by member id: whom the act may prove a fault of.
    uint256 internal mayFault;
    /// @dev Of who posted and attested the standing aggregate.
    bool internal provingStanding;
    /// @dev The member's id plus one whose update was withheld, until the next phase.
    uint256 internal withheld;

    function _see(IJob job) internal {
        RoundView memory now_ = job.roundView();
        (seen.job, seen.round, seen.phase, seen.slot) = (job, now_.round, now_.phase, now_.slot);
        (seen.committed, seen.opened, seen.live) = (now_.committedMask, now_.openedMask, now_.liveSeats);
        (seen.scoreCommitted, seen.scoreOpened) = (now_.scoreCommittedMask, now_.scoreOpenedMask);
    }

    function _readFault(JobBook storage book, IJob job, Vm.Log memory log) internal {
        uint256 memberId = uint256(log.topics[2]);
        uint256 taken = abi.decode(log.data, (uint256));
        address wallet = book.wallets[memberId];
        assertTrue((mayFault >> memberId) & 1 == 1, "a fault that was not proven");
        bool bonded = !book.withdrawn[wallet];
        assertTrue(bonded || !provingStanding, "who judged in the round had withdrawn its stake");
        _explainSlash(wallet, taken);
        JobTerms memory terms = job.terms();
        uint256 stake = book.stakes[wallet] + taken;
        assertTrue(taken == stake || taken == terms.faultSlash, "a fault cost something else");
        _readForfeit(book, memberId, terms.stake == 0 ? book.credits[memberId] : 0);
        for (uint256 seat; seat < book.seats.length; ++seat) {
            if (book.seats[seat] == memberId) book.faulted |= 1 << seat;
        }
        delete pending;
        _count("fault proven");
    }

    function _readForfeit(JobBook storage book, uint256 memberId, uint256 forfeited) private {
        assertEq(pending.forfeited, forfeited, "a credit was forfeited beside a stake, or not without one");
        if (forfeited == 0) return;
        _settleCredit(book, memberId);
        sums[book.token].burned += forfeited;
        _allowLoss(book.wallets[memberId], book.token, forfeited);
        _count("credit forfeited");
    }

    function _readMiss(JobBook storage book, IJob job, Vm.Log memory log) internal {
        (Phase phase, uint256 asked, uint256 taken) = abi.decode(log.data, (Phase, uint256, uint256));
        uint256 memberId = uint256(log.topics[2]);
        address wallet = book.wallets[memberId];
        _explainSlash(wallet, taken);
        assertTrue(!book.withdrawn[wallet], "who had a duty in the round had withdrawn its stake");
        JobTerms memory terms = job.terms();
        // Only what nobody shows on demand costs as much as a fault.
        bool hidden = phase == Phase.Challenge && asked == terms.faultSlash;
        assertTrue(asked == terms.missSlash || hidden, "a missed duty cost something else");
        uint256 stake = book.stakes[wallet] + taken;
        assertEq(taken, asked < stake ? asked : stake, "other than what is asked for, as far as it is there");
        bool isSeen = address(seen.job) == address(job) && seen.round == book.round && seen.phase == phase;
        if (isSeen) _checkMissed(book, memberId, phase);
        if (terms.suspendDraws > 0) _leaveDraws(book, memberId, false);
        delete pending;
        _count(string.concat("missed in ", _nameOf(phase)));
    }

    function _explainSlash(address wallet, uint256 taken) private view {
        assertEq(pending.slashed, wallet, "another wallet was slashed");
        assertEq(pending.taken, taken, "more was slashed than was told");
    }

    /// @dev As far as it shows in the round before the act.
    function _checkMissed(JobBook storage book, uint256 memberId, Phase phase) private view {
        if (phase == Phase.Share) {
            uint256 owed = seen.committed & ~seen.opened;
            assertTrue((owed >> _indexOf(book.cohort, memberId)) & 1 == 1, "slashed for an opening that was there");
            return;
        }
        uint256 seat = _indexOf(book.seats, memberId);
        if (phase == Phase.Propose) {
            assertTrue((seen.live >> seat) & 1 == 1, "slashed for a slot that was not its own");
        } else if (phase == Phase.Score) {
            uint256 owed = seen.live & seen.scoreCommitted & ~seen.scoreOpened;
            assertTrue((owed >> seat) & 1 == 1, "slashed for scores that were there");
        } else if (withheld == 0) {
            assertEq(seat, seen.slot, "slashed for an aggregate of somebody else");
        } else if (memberId != withheld - 1) {
            uint256[] memory bitmaps = seen.job.roundView().bitmaps;
            uint256 position = _indexOf(book.cohort, withheld - 1);
            bool certified = bitmaps.length == 0 || (bitmaps[seat] >> position) & 1 == 1;
            assertTrue(certified, "slashed for an update that it did not certify");
        }
    }

    /// @return of the member in the list; 255 where it is not in it
    function _indexOf(uint16[] storage list, uint256 memberId) private view returns (uint256) {
        for (uint256 i; i < list.length; ++i) if (list[i] == memberId) return i;
        return 255;
    }

    /// @param forGood ejected or left; else until somebody brings it back
    function _leaveDraws(JobBook storage book, uint256 memberId, bool forGood) internal {
        Absence storage absence = book.absences[memberId];
        absence.asked = true;
        if (forGood) absence.forGood = true;
    }

    function _comeBack(JobBook storage book, uint256 memberId) internal {
        book.absences[memberId].back = true;
    }

    /// @dev Commits have closed, or the job has started: who was to go is gone, and who was to come back is back.
    function _takeSnapshot(JobBook storage book) internal {
        for (uint256 id; id < book.wallets.length; ++id) {
            Absence storage absence = book.absences[id];
            if (absence.asked) absence.gone = true;
            if (absence.back && !absence.forGood) absence.gone = false;
            (absence.asked, absence.back) = (false, false);
        }
    }

    function _nameOf(Phase phase) internal pure returns (string memory) {
        return
            ["Joining", "Draw", "Commit", "Share", "Propose", "Challenge", "Score", "Finished", "Failed"][
                uint256(phase)
            ];
    }
}

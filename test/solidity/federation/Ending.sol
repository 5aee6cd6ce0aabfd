// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJob} from "../../../contracts/interfaces/IJob.sol";
import {JobTerms, Phase} from "../../../contracts/interfaces/JobTypes.sol";
import {Purses} from "./Purses.sol";

/// @dev Nobody does anything any more: time goes by, and somebody without a part in the job calls `advance()`.
abstract contract Ending is Purses {
    /// @dev From Commit: what was committed is not shown, or nobody proposes. From Challenge: back to Propose, and no slot is left.
    uint256 private constant STEPS_A_ROUND = 3;

    /// @dev The running round is settled or skipped, or the job is over, within a few calls that may not be refused.
    function _letRoundEnd(IJob job) internal {
        JobTerms memory terms = job.terms();
        uint256 round = job.roundView().round;
        uint256 steps;
        while (job.phase() < Phase.Finished && job.roundView().round == round) {
            assertLt(steps++, STEPS_A_ROUND, "time and advance() do not end the round");
            _letPhaseEnd(terms);
            _see(job);
            vm.prank(outsider);
            job.advance();
            _note();
        }
    }

    /// @dev As in `_letRoundEnd` up to the job's end. Then all of it is paid out: what is left was burned or given.
    function _letJobEnd(IJob job) internal {
        while (job.phase() < Phase.Finished) _letRoundEnd(job);
        JobBook storage book = books[address(job)];
        for (uint256 id; id < book.wallets.length; ++id) _letGo(job, id, book.wallets[id]);
        vm.warp(vm.getBlockTimestamp() + job.terms().unbondSeconds);
        for (uint256 id; id < book.wallets.length; ++id) {
            actor = book.wallets[id];
            if (book.stakes[actor] > 0) {
                vm.prank(actor);
                treasury.withdraw(address(job));
            }
            if (book.credits[id] > 0) job.claim(uint16(id));
            _note();
        }
        assertEq(book.pool, 0, "a pool is left");
    }

    function _letPhaseEnd(JobTerms memory terms) private {
        uint256 longest = uint256(terms.joinSeconds) + terms.commitSeconds + terms.shareSeconds + terms.scoreSeconds;
        longest += uint256(terms.committeeSize) * terms.slotSeconds + terms.challengeSeconds + terms.demandSeconds + 1;
        _nextBlocks(uint256(terms.committeeSize) * terms.phaseBlocks + 1, longest);
    }

    /// @dev Who has not left yet does; who was ejected in the last round has anybody begin its unbonding.
    function _letGo(IJob job, uint256 id, address wallet) private {
        vm.prank(wallet);
        try job.leaveJob() {
            _note();
        } catch {
            _forget(); // it has left before
        }
        job.unbond(uint16(id));
        _note();
    }
}

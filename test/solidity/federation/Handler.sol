// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJob} from "../../../contracts/interfaces/IJob.sol";
import {Phase} from "../../../contracts/interfaces/JobTypes.sol";
import {Dice, Dicing} from "../helpers/Dice.sol";
import {Ending} from "./Ending.sol";

/// @dev What the runner calls. Each act is one or a few transactions of one account; after it the events are booked and
/// nobody may have lost anything that they do not explain.
abstract contract Handler is Ending {
    using Dicing for Dice;

    /// @dev Everything booked, and everybody's worth compared.
    modifier witnessed() {
        vm.recordLogs();
        _;
        _witness();
    }

    /// @notice The round goes on as it should.
    function play(uint256 seed) external witnessed {
        Dice memory dice = Dice(seed);
        IJob job = _pickJob(dice);
        for (uint256 steps = dice.between(1, 2); steps > 0; --steps) {
            _see(job);
            Phase phase = job.phase();
            if (phase == Phase.Joining && !dice.oneIn(4)) _joinSome(job, dice);
            else if (phase == Phase.Challenge && dice.oneIn(2)) _accuse(job, dice);
            else _play(job, dice, !dice.oneIn(6));
            _witness();
        }
    }

    /// @notice The round goes on in part, or goes wrong.
    function disturb(uint256 seed) external witnessed {
        Dice memory dice = Dice(seed);
        _play(_pickJob(dice), dice, false);
    }

    /// @notice Time goes by, and mostly somebody moves the job on.
    function wait(uint256 seed) external witnessed {
        Dice memory dice = Dice(seed);
        IJob job = _pickJob(dice);
        _waitSome(job, dice);
        if (!dice.oneIn(3)) _advance(job, dice);
    }

    /// @notice From here the round ends although nobody does anything. Nothing of it stays.
    function stall(uint256 seed) external {
        if (jobs.length == 0 || seed % 3 != 0) return;
        vm.recordLogs();
        uint256 time = vm.getBlockTimestamp();
        uint256 state = vm.snapshotState();
        _letRoundEnd(jobs[seed % jobs.length]);
        assertTrue(vm.revertToState(state), "not gone back");
        assertEq(vm.getBlockTimestamp(), time, "not gone back in time");
        _count("stalled");
    }

    /// @notice Nobody does anything any more until all jobs have ended; then everybody takes what is its own.
    function end() external {
        vm.recordLogs();
        for (uint256 j; j < jobs.length; ++j) _letJobEnd(jobs[j]);
        for (uint256 i; i < accounts.length; ++i) {
            if (credits[coin][accounts[i]] > 0) treasury.claimFor(coin, accounts[i]);
            if (credits[otherCoin][accounts[i]] > 0) treasury.claimFor(otherCoin, accounts[i]);
        }
        _note();
        _checkAllLosses();
        _checkEmpty(coin);
        _checkEmpty(otherCoin);
    }

    /// @notice Somebody comes, goes, or changes what it is.
    function enter(uint256 seed) external witnessed {
        Dice memory dice = Dice(seed);
        IJob job = _pickJob(dice);
        address wallet = accounts[dice.below(PEOPLE)];
        uint256 what = dice.below(10);
        if (what < 3) _join(job, wallet, dice);
        else if (what < 5) _leave(job, wallet);
        else if (what == 9) _unbond(job, dice);
        else if (what == 5) _resume(job, dice);
        else if (what == 6) _rotate(wallet, dice);
        else if (what == 7) _refresh(job, dice);
        else _setPayout(wallet, dice);
    }

    /// @notice Somebody accuses, demands or answers.
    function accuse(uint256 seed) external witnessed {
        Dice memory dice = Dice(seed);
        IJob job = _pickJob(dice);
        _accuse(job, dice);
    }

    /// @notice Somebody takes what is its own, or what is not.
    function collect(uint256 seed) external witnessed {
        Dice memory dice = Dice(seed);
        IJob job = _pickJob(dice);
        actor = accounts[dice.below(accounts.length)];
        vm.fee(dice.below(3) * dice.below(100 gwei));
        uint256 what = dice.below(9);
        if (what < 2) _claimPay(job, dice);
        else if (what < 4) _claimCredit(dice.oneIn(2) ? coin : otherCoin, dice);
        else if (what < 7) _withdraw(job, dice);
        else if (what == 7) _trespass(job, dice);
        else _donate(dice);
    }

    function _accuse(IJob job, Dice memory dice) private {
        actor = _someone(dice);
        bool isOpen = job.phase() == Phase.Challenge;
        uint256 what = isOpen ? dice.below(10) : dice.between(7, 9);
        if (isOpen && dice.oneIn(2)) {
            // As somebody would who looked.
            (, , , , , bytes32 root) = job.standingProposal();
            if (wrongAt[root] != 0) what = wrongAt[root] == NOBODY_KNOWS ? 2 : 0;
        }
        if (what < 2 && dice.oneIn(3)) _demand(job, dice);
        if (what < 2) _accuseStanding(job, dice);
        if (what < 2) _takeBonds(job);
        else if (what < 4) _demand(job, dice);
        else if (what < 7) _answer(job, dice);
        else if (what == 7) _accuseSettled(dice);
        else if (what == 8) _takeBonds(job);
        else if (dice.oneIn(6)) _accuseOfEquivocation(job, dice);
    }
}

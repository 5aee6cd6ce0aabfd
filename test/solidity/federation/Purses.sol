// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IJob} from "../../../contracts/interfaces/IJob.sol";
import {Dice, Dicing} from "../helpers/Dice.sol";
import {Comings} from "./Comings.sol";

/// @dev What is paid out, and what nobody may take.
abstract contract Purses is Comings {
    using Dicing for Dice;

    function _claimPay(IJob job, Dice memory dice) internal {
        uint256 count = job.memberCount();
        uint256 id = dice.below(count + 1);
        uint256 owed = books[address(job)].credits[id];
        vm.prank(actor);
        try job.claim(uint16(id)) returns (uint256 amount) {
            assertEq(amount, owed, "other than what was earned");
            _count("pay claimed");
        } catch {
            _forget();
            assertEq(owed, 0, "what was earned was not paid");
        }
    }

    function _claimCredit(IERC20 token, Dice memory dice) internal {
        address account_ = accounts[dice.below(accounts.length)];
        uint256 owed = credits[token][account_];
        vm.prank(actor);
        try treasury.claimFor(token, account_) returns (uint256 amount) {
            assertEq(amount, owed, "other than the credit");
            _count("credit claimed");
        } catch {
            _forget();
            assertEq(owed, 0, "a credit was not paid");
        }
    }

    /// @dev Of one that has left, if there is any; in its time or before.
    function _withdraw(IJob job, Dice memory dice) internal {
        _unbond(job, dice);
        uint256 time;
        for (uint256 i; i < PEOPLE && time == 0; ++i) {
            actor = accounts[(dice.state + i) % PEOPLE];
            if (books[address(job)].stakes[actor] > 0) time = treasury.withdrawableAt(address(job), actor);
        }
        if (time > vm.getBlockTimestamp() && !dice.oneIn(3)) vm.warp(time);
        bool free = time != 0 && time <= vm.getBlockTimestamp() && !job.isDrawn(actor);
        free = free && books[address(job)].stakes[actor] > 0;
        vm.prank(actor);
        try treasury.withdraw(address(job)) {
            assertTrue(free, "a bonded stake was withdrawn");
            _count("stake withdrawn");
        } catch {
            _forget();
            assertTrue(!free, "a free stake was not paid");
        }
    }

    /// @dev The doors that only the job, the Court and the factory may use.
    function _trespass(IJob job, Dice memory dice) internal {
        bytes[5] memory calls = [
            abi.encodeCall(treasury.slash, (accounts[0], 1, actor, 1)),
            abi.encodeCall(treasury.payOut, (actor, 1)),
            abi.encodeCall(treasury.refund, (actor, 0)),
            abi.encodeCall(treasury.unbond, (actor, 1)),
            abi.encodeCall(treasury.lock, (accounts[0], 1))
        ];
        bytes[3] memory doors = [
            abi.encodeCall(job.faultProposal, (actor)),
            abi.encodeCall(job.faultMember, (0, actor)),
            abi.encodeCall(job.openDemand, ())
        ];
        uint256 which = dice.below(8);
        vm.prank(actor);
        (bool done, ) = which < 5 ? address(treasury).call(calls[which]) : address(job).call(doors[which - 5]);
        assertTrue(!done, "a door was open");
        vm.prank(actor);
        (done, ) = address(job).call(abi.encodeCall(job.initialize, ()));
        assertTrue(!done, "a job was begun again");
        _forget();
    }

    /// @dev Who sends tokens to the Treasury has lost them, and nobody has won them.
    function _donate(Dice memory dice) internal {
        IERC20 token = dice.oneIn(2) ? coin : otherCoin;
        uint256 amount = dice.below(1_000);
        _allowLoss(actor, token, amount);
        sums[token].donated += amount;
        vm.prank(actor);
        require(token.transfer(address(treasury), amount), "no gift");
    }

    function _checkEmpty(IERC20 token) internal view {
        Sums storage sum = sums[token];
        assertEq(sum.stakes + sum.pools + sum.credits, 0, "something is kept from its owner");
        assertEq(token.balanceOf(address(treasury)), sum.burned + sum.donated, "something is left");
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJob} from "../../../contracts/interfaces/IJob.sol";
import {JobTerms, Member, Phase} from "../../../contracts/interfaces/JobTypes.sol";
import {Dice, Dicing} from "../helpers/Dice.sol";
import {Courtroom} from "./Courtroom.sol";

/// @dev Who comes and goes, and what it changes about itself.
abstract contract Comings is Courtroom {
    using Dicing for Dice;

    function _joinSome(IJob job, Dice memory dice) internal {
        uint256 first = dice.below(PEOPLE);
        for (uint256 i = dice.between(1, 4); i > 0; --i) {
            _join(job, accounts[(first + i) % PEOPLE], dice);
            _witness();
        }
    }

    function _join(IJob job, address wallet, Dice memory dice) internal {
        actor = wallet;
        if (registry.operatorOf(wallet) == address(0)) _register(wallet);
        JobTerms memory terms = job.terms();
        uint96 amount = uint96(terms.stake + dice.below(3) * dice.below(terms.stake + 1));
        bool member = job.memberIdPlusOne(wallet) != 0;
        bool ended = job.phase() >= Phase.Finished;
        if (member && dice.oneIn(2)) return _addStake(job, wallet, amount);
        vm.prank(wallet);
        try job.join(amount) {
            assertTrue(!member && !ended, "joined twice, or too late");
            _count("joined");
        } catch {
            _forget();
            assertTrue(member || ended, "a member was refused");
        }
    }

    function _addStake(IJob job, address wallet, uint96 amount) internal {
        vm.prank(wallet);
        try job.addStake(amount) {
            _count("stake added");
        } catch {
            _forget();
        }
    }

    function _leave(IJob job, address wallet) internal {
        actor = wallet;
        vm.prank(wallet);
        try job.leaveJob() {
            _count("left");
        } catch {
            _forget();
        }
    }

    function _unbond(IJob job, Dice memory dice) internal {
        uint256 count = job.memberCount();
        for (uint256 id = dice.below(2); id < count; ++id) {
            try job.unbond(uint16(id)) {
                _note();
                _count("unbonded");
            } catch {
                _forget();
            }
        }
    }

    function _resume(IJob job, Dice memory dice) internal {
        Member[] memory members = job.members(0, type(uint256).max);
        uint256 first = dice.below(members.length + 1);
        for (uint256 i; i < members.length; ++i) {
            uint256 id = (first + i) % members.length;
            if (members[id].suspendedUntil == 0) continue;
            try job.resume(uint16(id)) {
                _note();
                _count("resumed");
            } catch {
                _forget();
            }
        }
    }

    function _rotate(address wallet, Dice memory dice) internal {
        if (registry.operatorOf(wallet) == address(0)) return _register(wallet);
        if (dice.oneIn(4)) {
            vm.prank(wallet);
            registry.exit();
            return;
        }
        (address operator, bytes memory consent) = _newOperator(wallet);
        vm.prank(wallet);
        registry.rotate(operator, consent);
    }

    function _refresh(IJob job, Dice memory dice) internal {
        uint256 count = job.memberCount();
        uint256 first = dice.below(count + 1);
        for (uint256 i; i < count; ++i) {
            try job.refreshOperator(uint16((first + i) % count)) {
                _note();
                _count("operator refreshed");
            } catch {
                _forget();
            }
        }
    }

    function _setPayout(address wallet, Dice memory dice) internal {
        address payout = dice.oneIn(2) ? _payoutOf(wallet) : address(0);
        vm.prank(wallet);
        registry.setPayout(payout);
    }
}

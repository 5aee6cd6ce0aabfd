// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJob} from "../../contracts/interfaces/IJob.sol";
import {JobTerms, Phase} from "../../contracts/interfaces/JobTypes.sol";
import {Cast} from "./federation/Cast.sol";
import {Offers} from "./federation/Offers.sol";
import {Dice, Dicing} from "./helpers/Dice.sol";

contract JobFactoryTest is Cast {
    using Dicing for Dice;

    function testFuzz_aJobIsWhereItWasSaidToBeAndPromisesItsTerms(uint256 seed, bytes32 salt) external {
        Dice memory dice = Dice(seed);
        JobTerms memory terms = Offers.termsOf(dice, coin, otherCoin);
        uint96 pool = Offers.poolOf(dice);
        address opener = accounts[dice.below(accounts.length)];
        address predicted = factory.predictJob(terms, opener, salt);
        uint256 before = coin.balanceOf(address(treasury));
        vm.prank(opener);
        IJob job = factory.createJob(terms, pool, salt);
        assertEq(address(job), predicted, "the job is somewhere else");
        assertEq(keccak256(abi.encode(job.terms())), keccak256(abi.encode(terms)), "other terms");
        assertEq(job.sponsor(), opener, "another sponsor");
        assertTrue(factory.isJob(predicted) && job.phase() == Phase.Joining, "not begun");
        assertEq(coin.balanceOf(address(treasury)) - before, pool, "another pool");
        assertEq(treasury.poolOf(predicted), pool, "another pool was booked");
    }

    function testFuzz_aJobsAddressIsItsSponsorsTermsAndSalts(uint256 seed, bytes32 salt, uint256 which) external {
        Dice memory dice = Dice(seed);
        JobTerms memory terms = Offers.termsOf(dice, coin, otherCoin);
        (address first, address second) = (accounts[0], accounts[1]);
        address predicted = factory.predictJob(terms, first, salt);
        vm.prank(first);
        factory.createJob(terms, 1, salt);
        vm.prank(first);
        vm.expectRevert();
        factory.createJob(terms, 1, salt);

        which = bound(which, 0, 2);
        if (which == 0) salt = ~salt;
        if (which == 1) terms.specHash = ~terms.specHash;
        if (which == 2) (first, second) = (second, first);
        vm.prank(first);
        IJob other = factory.createJob(terms, 1, salt);
        assertTrue(address(other) != predicted, "two jobs at one address");
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {JobTerms} from "../../../contracts/interfaces/JobTypes.sol";
import {Dice, Dicing} from "../helpers/Dice.sol";

/// @dev Terms of every kind that the factory takes, small enough for ten people to play whole jobs.
library Offers {
    using Dicing for Dice;

    function termsOf(Dice memory dice, IERC20 token, IERC20 other) internal pure returns (JobTerms memory t) {
        (t.token, t.stakeToken) = (token, dice.oneIn(3) ? other : token);
        (t.specHash, t.genesisHash) = (dice.word(), dice.word());
        t.rounds = uint32(dice.between(1, 8));
        t.vectorLength = uint32([uint256(1), 5, 127, 128, 129, 255][dice.below(6)]);
        t.rule = uint8(dice.below(3));
        t.trimPermille = t.rule == 1 ? uint16(dice.below(500)) : 0;
        t.weightCap = uint32(dice.oneIn(3) ? 1 : dice.between(2, 3_000));
        t.startMembers = uint16(dice.between(3, 6));
        t.cohortSize = uint16(dice.oneIn(3) ? 64 : dice.between(3, 6));
        t.committeeSize = uint16(dice.oneIn(4) ? 32 : dice.between(3, 6));
        t.minCommits = uint16(dice.oneIn(3) ? dice.between(3, t.cohortSize < 5 ? t.cohortSize : 5) : 3);
        t.suspendDraws = uint8(dice.below(3));
        (t.minExponent, t.maxExponent, t.initialExponent) = (-3, 20, 12);
        _setTimes(dice, t);
        _setMoney(dice, t);
    }

    function poolOf(Dice memory dice) internal pure returns (uint96) {
        return uint96(dice.oneIn(6) ? dice.between(1, 20) : dice.between(1, 2 ** 90));
    }

    function _setTimes(Dice memory dice, JobTerms memory t) private pure {
        t.joinSeconds = uint32(dice.between(1, dice.oneIn(4) ? 12 : 20_000));
        t.commitSeconds = uint32(dice.between(1, 2_000));
        t.shareSeconds = uint32(dice.between(1, 2_000));
        t.slotSeconds = uint32(dice.between(1, 500));
        t.demandSeconds = uint32(dice.between(1, 500));
        t.challengeSeconds = uint32(t.demandSeconds + dice.below(1_000));
        t.scoreSeconds = uint32(dice.between(1, 2_000));
        t.unbondSeconds = t.shareSeconds + t.committeeSize * (t.slotSeconds + t.challengeSeconds) + t.scoreSeconds;
        t.phaseBlocks = uint16(dice.below(4));
    }

    function _setMoney(Dice memory dice, JobTerms memory t) private pure {
        if (!dice.oneIn(4)) {
            t.stake = uint96(dice.between(1, 2 ** 70));
            t.faultSlash = uint96(dice.oneIn(4) ? t.stake : dice.between(0, t.stake));
            t.missSlash = uint96(dice.between(0, t.stake / 4));
            t.proofReward = uint96(dice.between(0, t.faultSlash / 2));
            t.stakeWeighted = dice.oneIn(2);
        }
        t.contributorsBps = uint16(dice.below(10_001));
        t.aggregatorBps = uint16(dice.below(10_001 - t.contributorsBps));
        t.committeeBps = uint16(dice.below(10_001 - t.contributorsBps - t.aggregatorBps));
        t.keepersBps = 10_000 - t.contributorsBps - t.aggregatorBps - t.committeeBps;
    }
}

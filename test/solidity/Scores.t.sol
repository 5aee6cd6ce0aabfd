// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Scores} from "../../contracts/libraries/Scores.sol";
import {InvariantTest} from "./helpers/InvariantTest.sol";
import {Test} from "./helpers/Test.sol";

contract ScoresTest is Test {
    function testFuzz_partsSumToTheAmountAndLieWithinOneWeiOfTheirShare(
        uint256 amount,
        uint256[] memory raw
    ) external pure {
        amount = bound(amount, 0, 2 ** 216 - 1);
        uint256[] memory scores = _scores(raw);
        uint256[] memory parts = Scores.splitByScore(amount, scores);

        uint256 scoreSum;
        for (uint256 i; i < scores.length; ++i) scoreSum += scores[i];
        uint256 paid;
        for (uint256 i; i < parts.length; ++i) {
            uint256 share = (amount * scores[i]) / scoreSum;
            assertLe(share, parts[i], "a part is no less than the share, rounded down");
            assertLe(parts[i], share + 1, "a part is no more than a wei above the share, rounded down");
            paid += parts[i];
        }
        assertEq(paid, amount, "the parts sum to the amount");
    }

    function testFuzz_whoScoresMoreIsPaidNoLess(uint256 amount, uint256[] memory raw) external pure {
        uint256[] memory scores = _scores(raw);
        uint256[] memory parts = Scores.splitByScore(bound(amount, 0, 2 ** 216 - 1), scores);
        for (uint256 i = 1; i < parts.length; ++i) {
            if (scores[i] > scores[i - 1]) assertLe(parts[i - 1], parts[i], "a higher score, a smaller part");
            if (scores[i] < scores[i - 1]) assertLe(parts[i], parts[i - 1], "a lower score, a larger part");
        }
    }

    /// @dev As `splitByScore` takes them: 1 to 256, their sum below 2^40 and not zero.
    function _scores(uint256[] memory raw) private pure returns (uint256[] memory scores) {
        uint256 count = bound(raw.length, 1, 256);
        scores = new uint256[](count);
        for (uint256 i; i < count; ++i) scores[i] = i < raw.length ? raw[i] % 2 ** 32 : 0;
        scores[raw.length % count] += 1;
    }
}

/// @dev A peer's trailing score over any number of rounds, beside the lowest and the highest median that it was given.
contract TrailingScoreHandler is Test {
    uint256 public trailing;
    uint256 public lowest = Scores.SUM;
    uint256 public highest;
    uint256 public rounds;

    function settle(uint256 median) external {
        median = bound(median, 0, Scores.SUM);
        trailing = rounds == 0 ? median * Scores.TRAILING_UNIT : Scores.nextTrailing(trailing, median);
        if (median < lowest) lowest = median;
        if (median > highest) highest = median;
        ++rounds;
    }
}

contract TrailingScoreTest is InvariantTest {
    TrailingScoreHandler private handler;

    function setUp() external {
        handler = new TrailingScoreHandler();
        targetContract(address(handler));
    }

    function invariant_trailingScoreLiesBetweenTheMediansThatMadeIt() external view {
        if (handler.rounds() == 0) return;
        assertLe(handler.lowest() * Scores.TRAILING_UNIT, handler.trailing(), "below the lowest median");
        assertLe(handler.trailing(), handler.highest() * Scores.TRAILING_UNIT, "above the highest median");
    }

    /// @dev A campaign that reached nothing would prove nothing.
    function afterInvariant() external view {
        assertLt(uint256(0), handler.rounds(), "no round was settled");
    }
}

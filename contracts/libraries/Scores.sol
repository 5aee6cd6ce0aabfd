// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FixedPoint} from "./FixedPoint.sol";

/// @title From score vectors to pay. Bit for bit node/core/scores.ts.
library Scores {
    /// @notice What a score vector sums to.
    uint256 internal constant SUM = 10_000;
    /// @notice Fewer scores than this and the trailing score is used.
    uint256 internal constant MIN_SCORES = 3;
    /// @notice The trailing score counts in 1/256 of a score point.
    uint256 internal constant TRAILING_UNIT = 256;
    /// @notice Stands for a median that fewer than three scores gave.
    uint256 internal constant NONE = type(uint256).max;

    /// @notice Lower median of the scores an update was given, NONE where they are fewer than three. Sorts in place.
    function medianOf(uint256[] memory given) internal pure returns (uint256) {
        return given.length < MIN_SCORES ? NONE : FixedPoint.lowerMedian(given);
    }

    /// @notice The scores that a round pays by: medians, the trailing score where one is NONE; when all are zero the
    /// trailing scores for all, in 1/256 points; when those are zero too, 1 for everybody.
    /// @param trailing by include order, in 1/256 points
    function roundScores(
        uint256[] memory medians,
        uint256[] memory trailing
    ) internal pure returns (uint256[] memory scores) {
        unchecked {
            scores = new uint256[](medians.length);
            uint256 sum;
            uint256 trailingSum;
            for (uint256 i; i < medians.length; ++i) {
                scores[i] = medians[i] == NONE ? trailing[i] / TRAILING_UNIT : medians[i];
                sum += scores[i];
                trailingSum += trailing[i];
            }
            if (sum > 0) return scores;
            for (uint256 i; i < scores.length; ++i) scores[i] = trailingSum > 0 ? trailing[i] : 1;
        }
    }

    /// @notice A quarter of the way from the trailing score to the median, in 1/256 points.
    function nextTrailing(uint256 trailing, uint256 median) internal pure returns (uint256) {
        unchecked {
            return (3 * trailing + TRAILING_UNIT * median) / 4;
        }
    }

    /// @notice Splits `amount` to the wei: floors, then one wei each by largest remainder, ties to the lower index.
    /// @param amount below 2^216
    /// @param scores not all zero, at most 256 of them, their sum below 2^40
    function splitByScore(uint256 amount, uint256[] memory scores) internal pure returns (uint256[] memory parts) {
        unchecked {
            uint256 count = scores.length;
            uint256 sum;
            for (uint256 i; i < count; ++i) sum += scores[i];

            parts = new uint256[](count);
            uint256[] memory remainders = new uint256[](count);
            uint256 left = amount;
            for (uint256 i; i < count; ++i) {
                uint256 product = amount * scores[i];
                parts[i] = product / sum;
                left -= parts[i];
                // The lower index sorts above its equals.
                remainders[i] = ((product % sum) << 8) | (count - 1 - i);
            }
            FixedPoint.sort(remainders);
            for (uint256 k = 1; k <= left; ++k) ++parts[count - 1 - (remainders[count - k] & 0xff)];
        }
    }
}

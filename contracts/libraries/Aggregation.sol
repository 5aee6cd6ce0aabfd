// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FixedPoint} from "./FixedPoint.sol";

/// @title One coordinate of the aggregate, by the job's rule. Bit for bit node/core/aggregationRule.ts.
/// @notice The weighted mean of federated averaging (McMahan et al. 2017, arXiv:1602.05629), and the trimmed mean and the
/// median of each coordinate (Yin et al. 2018, arXiv:1803.01498), all in 1/256 steps of the updates.
library Aggregation {
    uint256 internal constant WEIGHTED_MEAN = 0;
    uint256 internal constant TRIMMED_MEAN = 1;
    uint256 internal constant MEDIAN = 2;

    error UnknownRule(uint256 rule);

    /// @param trimPermille of the trimmed mean, 0 to 499; the other rules ignore it
    /// @param values of the included updates, at least one, each within 16 bits; may be sorted in place
    /// @param weights of the same updates, each at least 1; they count in the weighted mean only
    /// @return the aggregate's value, int32
    function coordinateOf(
        uint256 rule,
        uint256 trimPermille,
        int256[] memory values,
        uint256[] memory weights
    ) internal pure returns (int256) {
        if (rule == WEIGHTED_MEAN) return _weightedMean(values, weights);
        FixedPoint.sortSigned(values);
        if (rule == TRIMMED_MEAN) return _trimmedMean(values, trimPermille);
        if (rule == MEDIAN) return 256 * values[(values.length - 1) / 2];
        revert UnknownRule(rule);
    }

    function _weightedMean(int256[] memory values, uint256[] memory weights) private pure returns (int256) {
        unchecked {
            int256 weightedSum;
            uint256 weightSum;
            for (uint256 k; k < values.length; ++k) {
                weightedSum += int256(weights[k]) * values[k];
                weightSum += weights[k];
            }
            return FixedPoint.meanOf(weightedSum, weightSum);
        }
    }

    /// @dev Without the floor(n * trimPermille / 1000) lowest and highest values, each of the rest weighing 1.
    function _trimmedMean(int256[] memory sorted, uint256 trimPermille) private pure returns (int256) {
        unchecked {
            uint256 dropped = (sorted.length * trimPermille) / 1000;
            int256 sum;
            for (uint256 k = dropped; k < sorted.length - dropped; ++k) sum += sorted[k];
            return FixedPoint.meanOf(sum, sorted.length - 2 * dropped);
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FixedPoint} from "../../contracts/libraries/FixedPoint.sol";
import {Test} from "./helpers/Test.sol";

contract FixedPointTest is Test {
    /// @dev The definition by inequalities, in checked arithmetic: mean <= 256 * sum / weight + 1/2 < mean + 1.
    function testFuzz_meanIsRoundedHalfUpToA256th(int256 weightedSum, uint256 weightSum, uint256 bits) external pure {
        // Small weights as often as large ones: rounding shows in them.
        weightSum = bound(weightSum, 1, 2 ** bound(bits, 0, 245));
        weightedSum = bound(weightedSum, -(2 ** 245) + 1, 2 ** 245 - 1);
        int256 mean = FixedPoint.meanOf(weightedSum, weightSum);

        int256 twice = 2 * int256(weightSum);
        int256 numerator = 512 * weightedSum + int256(weightSum);
        assertLe(mean * twice, numerator, "the mean is rounded too high");
        assertLt(numerator - mean * twice, twice, "the mean is rounded too low");
    }

    function testFuzz_lowerMedianHasAsManyBelowAsAbove(uint256[] memory values) external pure {
        vm.assume(values.length > 0);
        uint256 count = values.length;
        uint256[] memory given = new uint256[](count);
        for (uint256 i; i < count; ++i) given[i] = values[i];
        uint256 median = FixedPoint.lowerMedian(values);

        uint256 below;
        uint256 above;
        uint256 equal;
        for (uint256 i; i < count; ++i) {
            if (given[i] < median) ++below;
            else if (given[i] > median) ++above;
            else ++equal;
        }
        assertLt(uint256(0), equal, "the median is none of the values");
        assertLe(below, (count - 1) / 2, "too many values lie below");
        assertLe(above, count / 2, "too many values lie above");
    }

    function testFuzz_sortKeepsEveryValueAndOrdersThem(uint256[] memory values) external pure {
        uint256 sum;
        uint256 product = 1;
        (sum, product) = _fingerprint(values);
        FixedPoint.sort(values);
        (uint256 sumAfter, uint256 productAfter) = _fingerprint(values);
        assertEq(sumAfter, sum, "a value was lost");
        assertEq(productAfter, product, "a value was changed");
        for (uint256 i = 1; i < values.length; ++i) assertLe(values[i - 1], values[i], "out of order");
    }

    /// @dev The same for the same values in any order; the factors are odd, so that none makes the product zero.
    function _fingerprint(uint256[] memory values) private pure returns (uint256 sum, uint256 product) {
        product = 1;
        unchecked {
            for (uint256 i; i < values.length; ++i) {
                sum += values[i];
                product *= uint256(keccak256(abi.encode(values[i]))) | 1;
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice A row of random numbers from one that the runner chose.
struct Dice {
    uint256 state;
}

library Dicing {
    /// @return a number below `limit`, which is at least 1
    function below(Dice memory dice, uint256 limit) internal pure returns (uint256) {
        dice.state = uint256(keccak256(abi.encode(dice.state)));
        return dice.state % limit;
    }

    /// @return a number in [min, max]
    function between(Dice memory dice, uint256 min, uint256 max) internal pure returns (uint256) {
        return min + below(dice, max - min + 1);
    }

    function oneIn(Dice memory dice, uint256 chances) internal pure returns (bool) {
        return below(dice, chances) == 0;
    }

    /// @return a word in which every bit is as likely as not
    function word(Dice memory dice) internal pure returns (bytes32) {
        below(dice, 1);
        return bytes32(dice.state);
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title The token of a consortium that has none: a fixed supply, minted once.
contract PaceToken is ERC20 {
    constructor(address holder, uint256 supply) ERC20("Pace", "PACE") {
        _mint(holder, supply);
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Book} from "./Book.sol";

/// @dev What everybody owns, in tokens, stakes and credits: after each act it may have fallen by what explains it, and no more.
abstract contract Losses is Book {
    /// @dev Whose act it is; zero for time.
    address internal actor;
    mapping(IERC20 token => mapping(address account => uint256)) private worths;
    mapping(IERC20 token => mapping(address account => uint256)) private allowed;
    mapping(address account => uint256) private ethers;
    /// @dev Whom the act may have changed anything for.
    address[] private touched;

    constructor() {
        _checkAllLosses();
    }

    /// @dev A proof, a missed duty or the account's own act explains it.
    function _allowLoss(address account_, IERC20 token, uint256 amount) internal {
        allowed[token][account_] += amount;
        _touch(account_);
    }

    /// @dev Of everybody, after a run: what fell in silence shows here.
    function _checkAllLosses() internal {
        for (uint256 i; i < accounts.length; ++i) _checkLosses(accounts[i]);
    }

    /// @dev Of everybody whom the act was told to touch.
    function _checkLosses() internal {
        for (uint256 i; i < touched.length; ++i) _checkLosses(touched[i]);
        delete touched;
    }

    function _checkLosses(address one) private {
        _checkLoss(coin, one);
        _checkLoss(otherCoin, one);
        uint256 worth = one.balance + bonds[one];
        if (one != actor) assertLe(ethers[one], worth, "a bond was lost to nobody's answer");
        ethers[one] = worth;
    }

    /// @param one an account or its payout address; anything else owns nothing
    function _touch(address one) internal {
        one = ownerOf[one];
        if (one == address(0)) return;
        for (uint256 i; i < touched.length; ++i) if (touched[i] == one) return;
        touched.push(one);
    }

    function _checkLoss(IERC20 token, address one) private {
        uint256 worth = token.balanceOf(one) + token.balanceOf(_payoutOf(one)) + credits[token][one];
        for (uint256 j; j < jobs.length; ++j) {
            JobBook storage book = books[address(jobs[j])];
            if (address(book.stakeToken) == address(token)) worth += book.stakes[one];
            if (address(book.token) == address(token) && book.ids[one] > 0) worth += book.credits[book.ids[one] - 1];
        }
        assertLe(worths[token][one], worth + allowed[token][one], "a balance fell for no reason");
        (worths[token][one], allowed[token][one]) = (worth, 0);
    }
}

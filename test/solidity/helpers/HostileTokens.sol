// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev A token that does as a plain one, but tells a hook of each transfer before it moves anything or after; that keeps a
/// fee; or that answers a transfer with false.
contract HostileToken {
    mapping(address account => uint256) public balanceOf;
    mapping(address account => mapping(address spender => uint256)) public allowance;
    address public hook;
    bool public early;
    bool public refuses;
    uint256 public fee;

    constructor(address holder) {
        balanceOf[holder] = type(uint128).max;
    }

    function setHook(address hook_, bool early_) external {
        (hook, early) = (hook_, early_);
    }

    function setFee(uint256 fee_) external {
        fee = fee_;
    }

    function setRefuses(bool refuses_) external {
        refuses = refuses_;
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        return true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        return _move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        allowance[from][msg.sender] -= amount;
        return _move(from, to, amount);
    }

    function _move(address from, address to, uint256 amount) private returns (bool) {
        if (refuses) return false;
        if (early) _tell();
        balanceOf[from] -= amount;
        balanceOf[to] += amount - (fee < amount ? fee : amount);
        if (!early) _tell();
        return true;
    }

    function _tell() private {
        if (hook != address(0)) IHook(hook).onTransfer();
    }
}

interface IHook {
    function onTransfer() external;
}

/// @dev A token whose transfers answer nothing, as some that were made before ERC-20 was written down.
contract SilentToken {
    mapping(address account => uint256) public balanceOf;

    constructor(address holder) {
        balanceOf[holder] = type(uint128).max;
    }

    function transfer(address to, uint256 amount) external {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
    }

    function transferFrom(address from, address to, uint256 amount) external {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "./Test.sol";

/// @title What an invariant suite inherits: whom the runner calls, and as whom. Its `setUp` names the handler with
/// `targetContract`; without it the runner calls every contract that `setUp` deployed.
abstract contract InvariantTest is Test {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    address[] private contracts;
    address[] private contractsLeftOut;
    address[] private senders;
    address[] private sendersLeftOut;
    FuzzSelector[] private selectors;
    FuzzSelector[] private selectorsLeftOut;

    /// @notice Calls go to this contract, to any function of it that is not view.
    function targetContract(address target) internal {
        contracts.push(target);
    }

    function excludeContract(address target) internal {
        contractsLeftOut.push(target);
    }

    /// @notice Calls to `target` go to these functions only. One that is named twice is called twice as often.
    function targetSelectors(address target, bytes4[] memory wanted) internal {
        selectors.push(FuzzSelector(target, wanted));
    }

    function excludeSelectors(address target, bytes4[] memory unwanted) internal {
        selectorsLeftOut.push(FuzzSelector(target, unwanted));
    }

    /// @notice Calls come from the named accounts only.
    function targetSender(address sender) internal {
        senders.push(sender);
    }

    function excludeSender(address sender) internal {
        sendersLeftOut.push(sender);
    }

    // What the runner asks for, once after `setUp`.

    function targetContracts() public view returns (address[] memory) {
        return contracts;
    }

    function excludeContracts() public view returns (address[] memory) {
        return contractsLeftOut;
    }

    function targetSenders() public view returns (address[] memory) {
        return senders;
    }

    function excludeSenders() public view returns (address[] memory) {
        return sendersLeftOut;
    }

    function targetSelectors() public view returns (FuzzSelector[] memory) {
        return selectors;
    }

    function excludeSelectors() public view returns (FuzzSelector[] memory) {
        return selectorsLeftOut;
    }
}

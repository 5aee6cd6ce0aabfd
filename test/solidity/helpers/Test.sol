// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vm} from "./Vm.sol";

/// @title What a fuzz or unit test inherits. Every assertion says what it means, so that a failure reads as a sentence.
abstract contract Test {
    /// @dev Where the runner answers: the last 20 bytes of keccak256("hevm cheat code").
    Vm internal constant vm = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

    /// @notice The runner looks for it.
    bool public constant IS_TEST = true;

    /// @notice `value` where it lies in [min, max], else folded into that range.
    function bound(uint256 value, uint256 min, uint256 max) internal pure returns (uint256) {
        require(min <= max, "bound: min > max");
        if (value >= min && value <= max) return value;
        uint256 size = max - min + 1;
        return min + (value % size);
    }

    /// @notice As for unsigned values; the range may hold at most 2^255 - 1 values.
    function bound(int256 value, int256 min, int256 max) internal pure returns (int256) {
        if (value >= min && value <= max) return value;
        return min + int256(bound(uint256(value), 0, uint256(max - min)));
    }

    /// @notice A key that signs, and its address.
    function account(string memory name) internal returns (address wallet, uint256 privateKey) {
        privateKey = uint256(keccak256(bytes(name)));
        wallet = vm.addr(privateKey);
        vm.label(wallet, name);
    }

    /// @notice Deploys a contract of `contracts/` by its artifact's name, "contracts/Treasury.sol:Treasury": the test imports
    /// its interface only, so it need not be compiled again with every test.
    function deploy(string memory artifact, bytes memory constructorArguments) internal returns (address deployed) {
        bytes memory code = bytes.concat(vm.getCode(artifact), constructorArguments);
        assembly ("memory-safe") {
            deployed := create(0, add(code, 0x20), mload(code))
        }
        require(deployed != address(0), string.concat("not deployed: ", artifact));
    }

    function assertTrue(bool condition, string memory message) internal pure {
        vm.assertTrue(condition, message);
    }

    function assertEq(uint256 a, uint256 b, string memory message) internal pure {
        vm.assertEq(a, b, message);
    }

    function assertEq(int256 a, int256 b, string memory message) internal pure {
        vm.assertEq(a, b, message);
    }

    function assertEq(bytes32 a, bytes32 b, string memory message) internal pure {
        vm.assertEq(a, b, message);
    }

    function assertEq(address a, address b, string memory message) internal pure {
        vm.assertEq(a, b, message);
    }

    function assertNotEq(bytes32 a, bytes32 b, string memory message) internal pure {
        vm.assertNotEq(a, b, message);
    }

    function assertLe(uint256 a, uint256 b, string memory message) internal pure {
        vm.assertLe(a, b, message);
    }

    function assertLe(int256 a, int256 b, string memory message) internal pure {
        vm.assertLe(a, b, message);
    }

    function assertLt(uint256 a, uint256 b, string memory message) internal pure {
        vm.assertLt(a, b, message);
    }

    function assertLt(int256 a, int256 b, string memory message) internal pure {
        vm.assertLt(a, b, message);
    }
}

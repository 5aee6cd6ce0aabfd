// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The cheatcodes of Hardhat's Solidity test runner that these tests use: Foundry's names and meanings
/// (https://getfoundry.sh/reference/cheatcodes/overview). Add one when a test needs it.
interface Vm {
    /// @notice Sets `block.timestamp`. The optimiser may read the old one again: read it by `getBlockTimestamp`.
    function warp(uint256 timestamp) external;

    function getBlockTimestamp() external view returns (uint256);

    /// @notice Sets `block.number`. Read it by `getBlockNumber`, as with `warp`.
    function roll(uint256 number) external;

    function getBlockNumber() external view returns (uint256);

    /// @notice Sets what BLOCKHASH answers for one of the last 256 blocks.
    function setBlockhash(uint256 number, bytes32 hash) external;

    function prevrandao(bytes32 value) external;

    function chainId(uint256 id) external;

    /// @notice Sets the sender of the next call.
    function prank(address sender) external;

    /// @notice Sets the sender of all calls until `stopPrank`.
    function startPrank(address sender) external;

    function stopPrank() external;

    /// @notice Sets `block.basefee`.
    function fee(uint256 baseFee) external;

    /// @notice Sets an account's ether.
    function deal(address account, uint256 wei_) external;

    function addr(uint256 privateKey) external pure returns (address);

    function sign(uint256 privateKey, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);

    /// @notice A compact signature (EIP-2098).
    function signCompact(uint256 privateKey, bytes32 digest) external pure returns (bytes32 r, bytes32 vs);

    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    /// @notice Remembers all events from here on.
    function recordLogs() external;

    /// @notice The events since `recordLogs`, or since this was last asked.
    function getRecordedLogs() external returns (Log[] memory logs);

    /// @notice The next call must revert, with anything.
    function expectRevert() external;

    /// @notice The next call must revert with this error and no facts.
    function expectRevert(bytes4 selector) external;

    /// @notice The next call must revert with exactly this: `abi.encodeWithSelector(Error.selector, facts...)`.
    function expectRevert(bytes calldata data) external;

    /// @notice The next call must revert with this error, whatever its facts.
    function expectPartialRevert(bytes4 selector) external;

    /// @notice The next call must emit the event that the test emits after this, topics and data equal.
    function expectEmit(address emitter) external;

    /// @notice Drops a fuzz case that is none. Prefer `bound`: too many dropped cases fail the test.
    function assume(bool condition) external pure;

    /// @notice Creation code of a compiled contract, "contracts/File.sol:Contract".
    function getCode(string calldata artifact) external view returns (bytes memory);

    function etch(address account, bytes calldata code) external;

    function load(address account, bytes32 slot) external view returns (bytes32);

    function store(address account, bytes32 slot, bytes32 value) external;

    function label(address account, string calldata name) external;

    /// @notice Remembers the whole state, to be gone back to any number of times.
    function snapshotState() external returns (uint256 id);

    function revertToState(uint256 id) external returns (bool);

    function assertTrue(bool condition, string calldata message) external pure;

    function assertFalse(bool condition, string calldata message) external pure;

    function assertEq(bool a, bool b, string calldata message) external pure;

    function assertEq(uint256 a, uint256 b, string calldata message) external pure;

    function assertEq(int256 a, int256 b, string calldata message) external pure;

    function assertEq(address a, address b, string calldata message) external pure;

    function assertEq(bytes32 a, bytes32 b, string calldata message) external pure;

    function assertEq(bytes calldata a, bytes calldata b, string calldata message) external pure;

    function assertNotEq(uint256 a, uint256 b, string calldata message) external pure;

    function assertNotEq(bytes32 a, bytes32 b, string calldata message) external pure;

    function assertLe(uint256 a, uint256 b, string calldata message) external pure;

    function assertLe(int256 a, int256 b, string calldata message) external pure;

    function assertLt(uint256 a, uint256 b, string calldata message) external pure;

    function assertLt(int256 a, int256 b, string calldata message) external pure;
}

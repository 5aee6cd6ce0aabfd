// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ITreasury} from "../../contracts/interfaces/ITreasury.sol";
import {Dice, Dicing} from "./helpers/Dice.sol";
import {HostileToken, IHook, SilentToken} from "./helpers/HostileTokens.sol";
import {Test} from "./helpers/Test.sol";

/// @dev The test is the factory, a job, its sponsor and all that anybody is paid to: as much as an attacker could be at once.
abstract contract TreasuryTest is Test {
    ITreasury internal treasury;
    HostileToken internal hostile;
    IERC20 internal token;
    address internal immutable SELF = address(this);

    function setUp() public virtual {
        address registry = deploy("contracts/Registry.sol:Registry", "");
        treasury = ITreasury(deploy("contracts/Treasury.sol:Treasury", abi.encode(registry)));
        treasury.bind(SELF);
        hostile = new HostileToken(SELF);
        token = IERC20(address(hostile));
        token.approve(address(treasury), type(uint256).max);
    }

    /// @dev What the Treasury asks of a job.
    function isDrawn(address) external pure returns (bool) {
        return false;
    }

    function _open(uint96 pool) internal {
        treasury.openJob(SELF, SELF, token, token, pool);
    }

    function _owed() internal view returns (uint256) {
        uint256 inJob = treasury.stakeOf(SELF, SELF) + treasury.poolOf(SELF);
        return inJob + treasury.creditOf(token, SELF) + treasury.burned(token);
    }
}

/// @dev Each transfer calls back, and the call back does something else with the Treasury.
contract TreasuryCallbackTest is TreasuryTest, IHook {
    using Dicing for Dice;

    uint256 private constant ACTS = 24;
    uint256 private constant MAX_DEPTH = 2;

    Dice private dice;
    uint256 private depth;
    uint256 private owed; // to a member, by the job

    function testFuzz_whateverATokenCallsBackReservesAreTheLedgers(uint256 seed) external {
        dice = Dice(seed);
        _open(uint96(_below(2 ** 80)));
        for (uint256 i; i < ACTS; ++i) {
            hostile.setHook(SELF, _below(2) == 0);
            _act();
            hostile.setHook(address(0), false);
            assertEq(token.balanceOf(address(treasury)), _owed(), "reserves are not the ledgers");
        }
    }

    function onTransfer() external {
        if (depth < MAX_DEPTH) _act();
    }

    /// @dev As a job and its members would: a job books before it pays.
    function _act() private {
        ++depth;
        uint256 what = _below(8);
        (address[] memory accounts, uint256[] memory amounts) = (new address[](1), new uint256[](1));
        if (what == 0) _try(abi.encodeCall(treasury.lock, (SELF, uint96(_below(2 ** 60)))));
        if (what == 1) _try(abi.encodeCall(treasury.slash, (SELF, _below(2 ** 60), SELF, _below(2 ** 60))));
        if (what == 2) _try(abi.encodeCall(treasury.unbond, (SELF, vm.getBlockTimestamp())));
        if (what == 3) _try(abi.encodeCall(treasury.withdraw, (SELF)));
        if (what == 4) _try(abi.encodeCall(treasury.claimFor, (token, SELF)));
        if (what == 5) {
            (accounts[0], amounts[0]) = (SELF, _below(2 ** 70));
            _try(abi.encodeCall(treasury.pay, (accounts, amounts)));
        }
        if (what == 6) _try(abi.encodeCall(treasury.payOut, (SELF, _below(2 ** 70))));
        if (what == 7 && _below(6) == 0) _try(abi.encodeCall(treasury.refund, (SELF, 0)));
        --depth;
    }

    function _try(bytes memory data) private {
        (bool done, ) = address(treasury).call(data);
        done;
    }

    function _below(uint256 limit) private returns (uint256 number) {
        Dice memory rolled = dice;
        number = rolled.below(limit);
        dice = rolled;
    }
}

contract TreasuryTokenTest is TreasuryTest {
    function testFuzz_aTokenThatTakesAFeeIsRefused(uint96 amount, uint256 fee) external {
        amount = uint96(bound(amount, 1, type(uint96).max));
        fee = bound(fee, 1, amount);
        _open(1);
        hostile.setFee(fee);
        bytes memory refusal = abi.encodeWithSelector(ITreasury.FeeOnTransfer.selector, token, amount, amount - fee);
        vm.expectRevert(refusal);
        treasury.lock(SELF, amount);
        vm.expectRevert(refusal);
        treasury.openJob(address(1), SELF, token, token, amount);
        assertEq(treasury.stakeOf(SELF, SELF), 0, "a stake was booked");
        assertEq(treasury.poolOf(address(1)), 0, "a pool was booked");
    }

    function testFuzz_aTokenThatSaysNoTakesNothingFromAnybody(uint96 stake, uint96 pool) external {
        stake = uint96(bound(stake, 1, type(uint96).max - 1));
        pool = uint96(bound(pool, 1, type(uint96).max));
        _open(pool);
        treasury.lock(SELF, stake);
        treasury.unbond(SELF, vm.getBlockTimestamp());
        treasury.refund(SELF, 0);
        hostile.setRefuses(true);
        bytes memory refusal = abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, token);
        vm.expectRevert(refusal);
        treasury.claim(token);
        vm.expectRevert(refusal);
        treasury.withdraw(SELF);
        vm.expectRevert(refusal);
        treasury.lock(SELF, 1);
        assertEq(treasury.creditOf(token, SELF), pool, "a credit is gone");
        assertEq(treasury.stakeOf(SELF, SELF), stake, "a stake is gone");
    }

    function testFuzz_aTokenThatSaysNothingIsAsGoodAsAny(uint96 pool) external {
        pool = uint96(bound(pool, 1, type(uint96).max));
        SilentToken silent = new SilentToken(SELF);
        treasury.openJob(SELF, SELF, IERC20(address(silent)), token, pool);
        treasury.refund(SELF, 0);
        uint256 before = silent.balanceOf(SELF);
        assertEq(treasury.claim(IERC20(address(silent))), pool, "another credit");
        assertEq(silent.balanceOf(SELF) - before, pool, "another payment");
    }
}

contract TreasurySlashTest is TreasuryTest {
    function testFuzz_aSlashTakesWhatIsThereAndRewardsAtMostHalf(
        uint96 pool,
        uint96 stake,
        uint256 amount,
        uint256 reward
    ) external {
        _open(pool);
        treasury.lock(SELF, stake);
        uint256 taken = treasury.slash(SELF, amount, SELF, reward);
        assertEq(taken, amount < stake ? amount : stake, "neither what was asked nor all there was");
        uint256 given = treasury.creditOf(token, SELF);
        assertEq(given, reward < taken / 2 ? reward : taken / 2, "another reward");
        assertEq(treasury.stakeOf(SELF, SELF), stake - taken, "another stake is left");
        uint256 kept = treasury.poolOf(SELF) + treasury.burned(token);
        assertEq(kept, uint256(pool) + taken - given, "what was taken is lost");
        assertEq(token.balanceOf(address(treasury)), _owed(), "reserves are not the ledgers");
    }

    /// @dev Whatever was taken, paid and is owed.
    function testFuzz_theSponsorGetsBackAtMostItsOwn(uint96 pool, uint96 stake, uint256 paid, uint256 owed) external {
        _open(pool);
        treasury.lock(SELF, stake);
        treasury.slash(SELF, stake, address(0), 0);
        paid = bound(paid, 0, treasury.poolOf(SELF));
        if (paid > 0) treasury.payOut(SELF, paid);
        owed = bound(owed, 0, treasury.poolOf(SELF));
        uint256 free = treasury.poolOf(SELF) - owed;
        uint256 burned = treasury.burned(token);
        uint256 amount = treasury.refund(SELF, owed);
        assertLe(amount, paid + owed > pool ? 0 : pool - paid - owed, "the sponsor got more than it gave");
        assertEq(amount + treasury.burned(token) - burned, free, "what nobody is owed is lost");
        assertEq(treasury.poolOf(SELF), owed, "other than what is owed is left");
        treasury.lock(SELF, 1);
        treasury.slash(SELF, 1, address(0), 0);
        assertEq(treasury.poolOf(SELF), owed, "a pool that has ended was added to");
    }
}

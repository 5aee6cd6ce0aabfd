// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title The only contract that holds tokens, in three ledgers: stakes, pools and credits.
/// @notice Slashing and paying move numbers between ledgers and never call a token, so that no token can block a round.
/// A member's pay stays in the job's pool as the job's debt until it is claimed; credits here are of keepers, provers and
/// sponsors. Tokens leave by `claim`, `claimFor`, `payOut` and `withdraw` only, each to the owner's payout address. For each
/// token, the balance of this contract is at least stakes + pools + credits + burned.
interface ITreasury {
    event JobOpened(address indexed job, address indexed sponsor, IERC20 token, IERC20 stakeToken, uint256 pool);
    event StakeLocked(address indexed job, address indexed wallet, uint256 amount);
    event StakeUnbonding(address indexed job, address indexed wallet, uint256 amount, uint256 withdrawableAt);
    event StakeWithdrawn(address indexed job, address indexed wallet, uint256 amount);
    event StakeSlashed(
        address indexed job,
        address indexed wallet,
        uint256 taken,
        address indexed rewarded,
        uint256 reward
    );
    event Credited(address indexed job, address indexed account, IERC20 token, uint256 amount);
    event Forfeited(address indexed job, uint256 amount);
    event PaidOut(address indexed job, address indexed wallet, address indexed to, uint256 amount);
    /// @param burned slashed stake that nobody earned: the sponsor does not get it
    event Refunded(address indexed job, address indexed sponsor, uint256 amount, uint256 burned);
    event Claimed(address indexed account, IERC20 token, address indexed to, uint256 amount);

    error AlreadyBound(address factory);
    error OnlyDeployer(address caller);
    error OnlyFactory(address caller);
    error OnlyJob(address caller);
    error FeeOnTransfer(IERC20 token, uint256 sent, uint256 received);
    error PoolTooSmall(address job, uint256 pool, uint256 asked);
    error LengthMismatch(uint256 accounts, uint256 amounts);
    error StillBonded(address job, address wallet, uint256 withdrawableAt);
    error StillDrawn(address job, address wallet);
    error NothingToClaim(address account);
    error NothingToWithdraw(address job, address wallet);

    /// @notice Names the factory whose jobs may use the ledgers. Once, by the deployer; nothing can be held before.
    function bind(address factory) external;

    /// @notice Escrows a new job's pool from its sponsor. Factory only. Refuses tokens that take a fee on transfer.
    function openJob(address job, address sponsor, IERC20 token, IERC20 stakeToken, uint96 amount) external;

    /// @notice Locks stake of `wallet` in the calling job; the wallet has approved this contract.
    function lock(address wallet, uint96 amount) external;

    /// @notice Starts the unbonding of all stake of `wallet` in the calling job; it stays slashable until withdrawn.
    function unbond(address wallet, uint256 withdrawableAt) external;

    /// @notice Takes up to `amount` of the stake of `wallet` in the calling job. Never reverts for want of stake.
    /// @param rewarded who is credited `min(reward, taken / 2)`; the zero address for nobody
    /// @return taken what was there; the rest after the reward joins the pool where pool and stake are the same token, and
    /// is burned (stays here for ever, in `burned`) where they are not
    function slash(address wallet, uint256 amount, address rewarded, uint256 reward) external returns (uint256 taken);

    /// @notice Moves amounts from the calling job's pool to credits. Zero amounts are skipped.
    function pay(address[] calldata accounts, uint256[] calldata amounts) external;

    /// @notice Sends `amount` of the calling job's pool to the payout address of `wallet`.
    function payOut(address wallet, uint256 amount) external;

    /// @notice Burns `amount` of the calling job's pool: credits that a fault cost where there is no stake.
    function forfeit(uint256 amount) external;

    /// @notice Ends a pool: all but what the calling job owes goes to the sponsor's credit, but at most what is left of the
    /// sponsor's own money; slashed stake beyond that is burned, and so is what is slashed later.
    /// @param owed what members have earned and not yet claimed; stays in the pool
    /// @return amount what the sponsor was credited
    function refund(address sponsor, uint256 owed) external returns (uint256 amount);

    /// @notice Sends all credits of the caller in `token` to its payout address.
    function claim(IERC20 token) external returns (uint256 amount);

    /// @notice Sends all credits of `account` in `token` to its payout address. Anyone may pay the gas.
    function claimFor(IERC20 token, address account) external returns (uint256 amount);

    /// @notice Sends unbonded stake of the caller in `job` to the caller's payout address, once its time has come and the caller
    /// is not drawn in the running round.
    function withdraw(address job) external returns (uint256 amount);

    function poolOf(address job) external view returns (uint256);
    function creditOf(IERC20 token, address account) external view returns (uint256);
    function stakeOf(address job, address wallet) external view returns (uint256);
    /// @return when the stake of `wallet` in `job` can be withdrawn; zero while it is not unbonding
    function withdrawableAt(address job, address wallet) external view returns (uint256);
    function burned(IERC20 token) external view returns (uint256);
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IJobDesk} from "./interfaces/IJobDesk.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {ITreasury} from "./interfaces/ITreasury.sol";

/// @title Stakes, pools and credits. See ITreasury.
contract Treasury is ITreasury {
    using SafeERC20 for IERC20;

    /// @dev Two slots.
    struct Book {
        IERC20 token;
        uint96 pool;
        IERC20 stakeToken;
        uint96 slashed; // of the pool, or of what was paid from it; CLOSED once it ended
    }

    struct Stake {
        uint96 amount;
        uint64 withdrawableAt;
    }

    /// @dev Leaves no room for slashed stake in a pool that nobody is paid from any more.
    uint96 private constant CLOSED = type(uint96).max;
    address private immutable DEPLOYER = msg.sender;
    IRegistry private immutable REGISTRY;

    /// @notice The factory whose jobs may use the ledgers; zero until bound.
    address public factory;
    mapping(address job => Book) private books;
    mapping(address job => mapping(address wallet => Stake)) private stakes;
    /// @inheritdoc ITreasury
    mapping(IERC20 token => mapping(address account => uint256)) public creditOf;
    /// @inheritdoc ITreasury
    mapping(IERC20 token => uint256) public burned;

    /// @dev Only the factory opens books, so an open book says that the caller is a job of it.
    modifier onlyJob() {
        if (address(books[msg.sender].token) == address(0)) revert OnlyJob(msg.sender);
        _;
    }

    constructor(IRegistry registry) {
        REGISTRY = registry;
    }

    /// @inheritdoc ITreasury
    function bind(address factory_) external {
        if (msg.sender != DEPLOYER) revert OnlyDeployer(msg.sender);
        if (factory != address(0)) revert AlreadyBound(factory);
        factory = factory_;
    }

    /// @inheritdoc ITreasury
    function openJob(address job, address sponsor, IERC20 token, IERC20 stakeToken, uint96 amount) external {
        if (msg.sender != factory) revert OnlyFactory(msg.sender);
        books[job] = Book(token, amount, stakeToken, 0);
        emit JobOpened(job, sponsor, token, stakeToken, amount);
        _receive(token, sponsor, amount);
    }

    /// @inheritdoc ITreasury
    function lock(address wallet, uint96 amount) external onlyJob {
        stakes[msg.sender][wallet].amount += amount;
        emit StakeLocked(msg.sender, wallet, amount);
        _receive(books[msg.sender].stakeToken, wallet, amount);
    }

    /// @inheritdoc ITreasury
    function unbond(address wallet, uint256 time) external onlyJob {
        Stake storage stake = stakes[msg.sender][wallet];
        if (stake.withdrawableAt != 0) return;
        stake.withdrawableAt = uint64(time);
        emit StakeUnbonding(msg.sender, wallet, stake.amount, time);
    }

    /// @inheritdoc ITreasury
    function slash(
        address wallet,
        uint256 amount,
        address rewarded,
        uint256 reward
    ) external onlyJob returns (uint256 taken) {
        Book storage book = books[msg.sender];
        Stake storage stake = stakes[msg.sender][wallet];
        taken = _min(amount, stake.amount);
        uint256 rewardGiven = rewarded == address(0) ? 0 : _min(reward, taken / 2);
        stake.amount -= uint96(taken);
        if (rewardGiven > 0) _credit(book.stakeToken, rewarded, rewardGiven);
        _keepSlashed(book, taken - rewardGiven);
        emit StakeSlashed(msg.sender, wallet, taken, rewarded, rewardGiven);
    }

    /// @inheritdoc ITreasury
    function pay(address[] calldata accounts, uint256[] calldata amounts) external onlyJob {
        if (accounts.length != amounts.length) revert LengthMismatch(accounts.length, amounts.length);
        Book storage book = books[msg.sender];
        IERC20 token = book.token;
        uint256 sum;
        for (uint256 i; i < accounts.length; ++i) {
            sum += amounts[i];
            _credit(token, accounts[i], amounts[i]);
        }
        _takeFromPool(book, sum);
    }

    /// @inheritdoc ITreasury
    function payOut(address wallet, uint256 amount) external onlyJob {
        Book storage book = books[msg.sender];
        _takeFromPool(book, amount);
        address to = REGISTRY.payoutOf(wallet);
        emit PaidOut(msg.sender, wallet, to, amount);
        book.token.safeTransfer(to, amount);
    }

    /// @inheritdoc ITreasury
    function forfeit(uint256 amount) external onlyJob {
        Book storage book = books[msg.sender];
        _takeFromPool(book, amount);
        burned[book.token] += amount;
        emit Forfeited(msg.sender, amount);
    }

    /// @inheritdoc ITreasury
    function refund(address sponsor, uint256 owed) external onlyJob returns (uint256 amount) {
        Book storage book = books[msg.sender];
        uint256 left = book.pool - owed;
        uint256 toBurn = _min(book.slashed, left);
        amount = left - toBurn;
        (book.pool, book.slashed) = (uint96(owed), CLOSED);
        IERC20 token = book.token;
        if (toBurn > 0) burned[token] += toBurn;
        _credit(token, sponsor, amount);
        emit Refunded(msg.sender, sponsor, amount, toBurn);
    }

    /// @inheritdoc ITreasury
    function claim(IERC20 token) external returns (uint256) {
        return claimFor(token, msg.sender);
    }

    /// @inheritdoc ITreasury
    function claimFor(IERC20 token, address account) public returns (uint256 amount) {
        amount = creditOf[token][account];
        if (amount == 0) revert NothingToClaim(account);
        creditOf[token][account] = 0;
        address to = REGISTRY.payoutOf(account);
        emit Claimed(account, token, to, amount);
        token.safeTransfer(to, amount);
    }

    /// @inheritdoc ITreasury
    function withdraw(address job) external returns (uint256 amount) {
        Stake storage stake = stakes[job][msg.sender];
        amount = stake.amount;
        if (amount == 0) revert NothingToWithdraw(job, msg.sender);
        uint256 time = stake.withdrawableAt;
        if (time == 0 || block.timestamp < time) revert StillBonded(job, msg.sender, time);
        if (IJobDesk(job).isDrawn(msg.sender)) revert StillDrawn(job, msg.sender);
        stake.amount = 0;
        emit StakeWithdrawn(job, msg.sender, amount);
        books[job].stakeToken.safeTransfer(REGISTRY.payoutOf(msg.sender), amount);
    }

    /// @inheritdoc ITreasury
    function poolOf(address job) external view returns (uint256) {
        return books[job].pool;
    }

    /// @inheritdoc ITreasury
    function stakeOf(address job, address wallet) external view returns (uint256) {
        return stakes[job][wallet].amount;
    }

    /// @inheritdoc ITreasury
    function withdrawableAt(address job, address wallet) external view returns (uint256) {
        return stakes[job][wallet].withdrawableAt;
    }

    /// @dev To the pool, where it is the pool's token and there is room for it.
    function _keepSlashed(Book storage book, uint256 amount) private {
        bool fits =
            uint256(book.pool) + amount <= type(uint96).max && uint256(book.slashed) + amount <= type(uint96).max;
        if (address(book.token) == address(book.stakeToken) && fits) {
            book.pool += uint96(amount);
            book.slashed += uint96(amount);
        } else if (amount > 0) {
            burned[book.stakeToken] += amount;
        }
    }

    function _takeFromPool(Book storage book, uint256 amount) private {
        uint256 pool = book.pool;
        if (amount > pool) revert PoolTooSmall(msg.sender, pool, amount);
        book.pool = uint96(pool - amount);
    }

    function _credit(IERC20 token, address account, uint256 amount) private {
        if (amount == 0) return;
        creditOf[token][account] += amount;
        emit Credited(msg.sender, account, token, amount);
    }

    /// @dev The ledgers were written before: a token that calls back finds them already complete.
    function _receive(IERC20 token, address from, uint256 amount) private {
        if (amount == 0) return;
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(from, address(this), amount);
        uint256 received = token.balanceOf(address(this)) - before;
        if (received != amount) revert FeeOnTransfer(token, amount, received);
    }

    function _min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}

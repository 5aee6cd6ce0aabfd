// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IJob} from "../../../contracts/interfaces/IJob.sol";
import {IncludedUpdate, Member, Phase} from "../../../contracts/interfaces/JobTypes.sol";
import {Cast} from "./Cast.sol";

/// @dev Who should own what, entry by entry as it was announced: each entry moves an amount from one ledger to another, in
/// checked arithmetic, so that taking more than there is fails here. Nothing is read from the contracts but to compare.
abstract contract Book is Cast {
    struct Sums {
        uint256 stakes;
        uint256 pools;
        uint256 credits;
        uint256 burned;
        uint256 donated; // sent to the Treasury by somebody who owed nothing
    }

    /// @dev Who is suspended, leaves or is ejected is in no draw after the next close of commits.
    struct Absence {
        bool asked; // to go
        bool back; // to come back
        bool gone;
        bool forGood;
    }

    struct JobBook {
        IERC20 token;
        IERC20 stakeToken;
        uint256 pool;
        uint256 owed; // of the pool, to members
        uint256 slashed; // stake that joined the pool
        bool closed; // the sponsor has its refund
        bytes32 modelId;
        uint32 round;
        Phase phase;
        uint16[] cohort;
        uint16[] seats;
        uint256 scored; // bits by seat: has opened a vector or an abstention
        uint256 faulted; // bits by seat: was proven a fault in the round
        uint256 outcomes; // of the round: settled or skipped
        uint256 nextSlot; // slots before it are gone
        IncludedUpdate[] updates;
        mapping(address wallet => uint256) stakes;
        mapping(address wallet => bool) withdrawn;
        mapping(uint256 memberId => Absence) absences;
        mapping(uint256 memberId => uint256) lastDuty; // when the last round ended that it was drawn in
        mapping(uint256 memberId => uint256) trailing; // scores, in 1/256
        mapping(uint256 seat => bytes) vectors;
        mapping(uint256 memberId => uint256) credits;
        mapping(address wallet => uint256) ids; // plus one
        address[] wallets; // by member id
    }

    IJob[] internal jobs;
    IJob internal lastJob;
    mapping(address job => JobBook) internal books;
    mapping(IERC20 token => Sums) internal sums;
    mapping(IERC20 token => mapping(address account => uint256)) internal credits;
    /// @dev In the chain's coin.
    mapping(address account => uint256) internal bonds;
    /// @dev All that the Court holds: bonds, open ones, and what is nobody's.
    uint256 internal allBonds;

    function _isKnown(address job) internal view returns (bool) {
        return address(books[job].token) != address(0);
    }

    function _lockStake(JobBook storage book, address wallet, uint256 amount) internal {
        book.stakes[wallet] += amount;
        sums[book.stakeToken].stakes += amount;
    }

    function _unlockStake(JobBook storage book, address wallet, uint256 amount) internal {
        book.stakes[wallet] -= amount;
        sums[book.stakeToken].stakes -= amount;
    }

    /// @dev What was taken and is nobody's reward: the pool's, where it can be paid from it.
    function _keepSlashed(JobBook storage book, uint256 amount) internal {
        if (book.closed || address(book.token) != address(book.stakeToken)) {
            sums[book.stakeToken].burned += amount;
        } else {
            book.slashed += amount;
            _toPool(book, amount);
        }
    }

    function _toPool(JobBook storage book, uint256 amount) internal {
        book.pool += amount;
        sums[book.token].pools += amount;
    }

    function _fromPool(JobBook storage book, uint256 amount) internal {
        book.pool -= amount;
        sums[book.token].pools -= amount;
    }

    function _owe(JobBook storage book, uint256 memberId, uint256 amount) internal {
        book.credits[memberId] += amount;
        book.owed += amount;
    }

    /// @dev A member's credit leaves the pool, to its payout address or for ever.
    function _settleCredit(JobBook storage book, uint256 memberId) internal returns (uint256 amount) {
        amount = book.credits[memberId];
        book.credits[memberId] = 0;
        book.owed -= amount;
        _fromPool(book, amount);
    }

    function _credit(IERC20 token, address account_, uint256 amount) internal {
        credits[token][account_] += amount;
        sums[token].credits += amount;
    }

    function _uncredit(IERC20 token, address account_) internal returns (uint256 amount) {
        amount = credits[token][account_];
        credits[token][account_] = 0;
        sums[token].credits -= amount;
    }

    /// @notice Reserves are stakes, pools, credits and what was burned.
    function checkReserves() external view {
        _checkReserve(coin);
        _checkReserve(otherCoin);
        assertEq(address(court).balance, allBonds, "the Court holds other than the bonds");
    }

    /// @notice Everything of the job that was acted in last is as booked.
    function checkLastJob() external view {
        if (address(lastJob) != address(0)) _checkJob(lastJob);
    }

    /// @notice Every account in every ledger is as booked.
    function checkAccounts() external view {
        for (uint256 j; j < jobs.length; ++j) _checkJob(jobs[j]);
        for (uint256 i; i < accounts.length; ++i) {
            address one = accounts[i];
            assertEq(treasury.creditOf(coin, one), credits[coin][one], "another credit");
            assertEq(treasury.creditOf(otherCoin, one), credits[otherCoin][one], "another credit");
            assertEq(court.bondsOf(one), bonds[one], "another bond");
        }
    }

    function _checkReserve(IERC20 token) private view {
        Sums storage sum = sums[token];
        uint256 held = token.balanceOf(address(treasury));
        assertEq(held, sum.stakes + sum.pools + sum.credits + sum.burned + sum.donated, "reserves are not the ledgers");
        assertEq(treasury.burned(token), sum.burned, "another sum burned");
    }

    function _checkJob(IJob job) private view {
        JobBook storage book = books[address(job)];
        assertEq(treasury.poolOf(address(job)), book.pool, "another pool");
        assertLe(book.owed, book.pool, "the pool does not cover its members' credits");
        assertEq(job.memberCount(), book.wallets.length, "another number of members");
        Member[] memory members = job.members(0, book.wallets.length);
        uint256 owed;
        for (uint256 id; id < members.length; ++id) {
            address wallet = book.wallets[id];
            assertEq(members[id].wallet, wallet, "another wallet");
            assertEq(members[id].credit, book.credits[id], "another credit of a member");
            assertEq(treasury.stakeOf(address(job), wallet), book.stakes[wallet], "another stake");
            owed += members[id].credit;
        }
        assertEq(owed, book.owed, "the members' credits are not their sum");
    }
}

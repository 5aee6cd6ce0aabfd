// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {TreeNode} from "../../../contracts/interfaces/ICourt.sol";
import {IJob} from "../../../contracts/interfaces/IJob.sol";
import {ITreasury} from "../../../contracts/interfaces/ITreasury.sol";
import {Vm} from "../helpers/Vm.sol";
import {Losses} from "./Losses.sol";

/// @dev Reads what happened to money in the Treasury and the Court.
abstract contract Chronicle is Losses {
    /// @dev Told by the Treasury, not yet explained by the job: a slash waits for the member's fault, a payment for the round.
    struct Pending {
        address slashed;
        uint256 taken;
        uint256 forfeited;
        uint256 keepersPay;
        address credited; // the last one
        uint256 creditedAmount;
    }

    struct OpenBond {
        address demander;
        uint256 amount;
        uint256 fee; // of it, to whoever answers
        uint256 height; // of the block it was made in
    }

    /// @dev One and a half times what an answer of 64 hashes takes.
    uint256 internal constant ANSWER_GAS = 300_000;

    Pending internal pending;
    uint256 internal rewards;
    mapping(address job => mapping(uint256 id => OpenBond)) internal openBonds;
    mapping(address job => uint256) internal demandsMade;

    function _readTreasury(Vm.Log memory log) internal {
        bytes32 kind = log.topics[0];
        if (kind == ITreasury.Credited.selector) return _readCredit(log);
        if (kind == ITreasury.Claimed.selector) return _readClaim(log);
        if (kind == ITreasury.JobOpened.selector) return _readJobOpened(log);
        JobBook storage book = books[_address(log.topics[1])];
        if (kind == ITreasury.Forfeited.selector) {
            pending.forfeited = abi.decode(log.data, (uint256));
            return;
        }
        address wallet = _address(log.topics[2]);
        if (kind == ITreasury.StakeLocked.selector) {
            _lockStake(book, wallet, abi.decode(log.data, (uint256)));
        } else if (kind == ITreasury.StakeWithdrawn.selector) {
            assertEq(wallet, actor, "a stake was withdrawn by another");
            uint256 amount = abi.decode(log.data, (uint256));
            assertEq(amount, book.stakes[wallet], "not all of the stake was withdrawn");
            uint256 bonded = IJob(_address(log.topics[1])).terms().unbondSeconds;
            bonded += book.lastDuty[book.ids[wallet] - 1];
            assertLe(bonded, vm.getBlockTimestamp(), "a stake was free too soon after its last round");
            _unlockStake(book, wallet, amount);
            book.withdrawn[wallet] = true;
        } else if (kind == ITreasury.StakeSlashed.selector) {
            _readSlash(book, log, wallet);
        } else if (kind == ITreasury.Refunded.selector) {
            _readRefund(book, log, wallet);
        }
    }

    function _readJobOpened(Vm.Log memory log) private {
        (address job, address sponsor) = (_address(log.topics[1]), _address(log.topics[2]));
        (IERC20 token, IERC20 stakeToken, uint256 pool) = abi.decode(log.data, (IERC20, IERC20, uint256));
        JobBook storage book = books[job];
        (book.token, book.stakeToken) = (token, stakeToken);
        _toPool(book, pool);
        assertEq(sponsor, actor, "a job of somebody else's money");
        _allowLoss(sponsor, token, pool);
    }

    /// @dev Of a keeper, a prover or the sponsor: which, the next event says.
    function _readCredit(Vm.Log memory log) private {
        address account_ = _address(log.topics[2]);
        (IERC20 token, uint256 amount) = abi.decode(log.data, (IERC20, uint256));
        _credit(token, account_, amount);
        _touch(account_);
        (pending.credited, pending.creditedAmount) = (account_, amount);
        pending.keepersPay += amount;
    }

    function _readSlash(JobBook storage book, Vm.Log memory log, address wallet) private {
        (uint256 taken, uint256 reward) = abi.decode(log.data, (uint256, uint256));
        assertLe(2 * reward, taken, "a reward of more than half of what was taken");
        if (reward > 0) _explainCredit(_address(log.topics[3]), reward);
        if (reward > 0) ++rewards;
        _unlockStake(book, wallet, taken);
        _keepSlashed(book, taken - reward);
        assertEq(pending.slashed, address(0), "a slash that nothing explains");
        (pending.slashed, pending.taken) = (wallet, taken);
        _allowLoss(wallet, book.stakeToken, taken);
    }

    function _readRefund(JobBook storage book, Vm.Log memory log, address sponsor) private {
        (uint256 amount, uint256 burned) = abi.decode(log.data, (uint256, uint256));
        uint256 free = book.pool - book.owed;
        assertEq(amount + burned, free, "the refund is not what nobody is owed");
        assertEq(burned, book.slashed < free ? book.slashed : free, "slashed stake went to the sponsor");
        if (amount > 0) _explainCredit(sponsor, amount);
        _fromPool(book, free);
        sums[book.token].burned += burned;
        assertTrue(!book.closed, "a second refund");
        book.closed = true;
    }

    /// @dev The credit just told is this one, and no keeper's.
    function _explainCredit(address account_, uint256 amount) private {
        assertEq(pending.credited, account_, "somebody else was credited");
        assertEq(pending.creditedAmount, amount, "another amount was credited");
        pending.keepersPay -= amount;
    }

    function _readClaim(Vm.Log memory log) private {
        address account_ = _address(log.topics[1]);
        (IERC20 token, uint256 amount) = abi.decode(log.data, (IERC20, uint256));
        assertEq(amount, _uncredit(token, account_), "not all of the credit was claimed");
    }

    function _demanded(address job, uint256 id, address demander, bytes memory data) internal {
        (, , uint256 amount) = abi.decode(data, (TreeNode, uint64, uint256));
        _touch(demander);
        openBonds[job][id] = OpenBond(demander, amount, ANSWER_GAS * block.basefee, vm.getBlockNumber());
        allBonds += amount;
        demandsMade[job] = id;
    }

    /// @dev What is beyond the fee is nobody's.
    function _answered(address job, uint256 id, address answerer) internal {
        _touch(answerer);
        bonds[answerer] += openBonds[job][id].fee;
        delete openBonds[job][id];
    }

    function _returned(address job, uint256 id, address demander) internal {
        assertEq(openBonds[job][id].demander, demander, "a bond returned to another");
        bonds[demander] += openBonds[job][id].amount;
        delete openBonds[job][id];
    }

    function _address(bytes32 topic) internal pure returns (address) {
        return address(uint160(uint256(topic)));
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJob} from "../../../contracts/interfaces/IJob.sol";
import {JobTerms, Phase, SignedAttestation} from "../../../contracts/interfaces/JobTypes.sol";
import {Dice, Dicing} from "../helpers/Dice.sol";
import {Offers} from "./Offers.sol";
import {Posts} from "./Posts.sol";
import {Vectors} from "./Vectors.sol";

/// @dev The acts of a round, by phase, and time.
abstract contract Rounds is Posts {
    using Dicing for Dice;

    uint256 private constant MAX_JOBS = 5;

    /// @dev A job to act in: mostly the newest. There is another once the newest has ended.
    function _pickJob(Dice memory dice) internal returns (IJob job) {
        uint256 count = jobs.length;
        bool ended = count > 0 && jobs[count - 1].phase() >= Phase.Finished;
        if (count == 0 || (count < MAX_JOBS && (ended || dice.oneIn(200)))) job = _openJob(dice);
        else job = jobs[dice.oneIn(6) ? dice.below(count) : count - 1];
        lastJob = job;
        _see(job);
    }

    function _openJob(Dice memory dice) internal returns (IJob job) {
        bool first = dice.oneIn(2);
        JobTerms memory terms = Offers.termsOf(dice, first ? coin : otherCoin, first ? otherCoin : coin);
        bytes32 salt = keccak256(abi.encode(dice.word(), jobs.length)); // the same seed may come twice
        uint96 pool = Offers.poolOf(dice);
        address predicted = factory.predictJob(terms, sponsor, salt);
        actor = sponsor;
        vm.prank(sponsor);
        job = factory.createJob(terms, pool, salt);
        assertEq(address(job), predicted, "the job is not where it was said to be");
        _note();
        jobs.push(job);
    }

    /// @dev An account, or the operator that it has now.
    function _someone(Dice memory dice) internal view returns (address one) {
        one = accounts[dice.below(accounts.length)];
        address operator = registry.operatorOf(one);
        if (operator != address(0) && dice.oneIn(2)) return operator;
    }

    /// @dev The next thing that the round needs, by who should do it.
    function _play(IJob job, Dice memory dice, bool honest) internal {
        Table memory table = _look(job);
        address caller = _someone(dice);
        Phase phase = table.now_.phase;
        if (phase <= Phase.Draw) _nextBlocks(1, 12);
        else if (phase == Phase.Commit && !honest && dice.oneIn(3)) _commitAlone(table, dice);
        else if (phase == Phase.Commit) _postCommits(table, dice, honest, caller);
        else if (phase == Phase.Share) _postShares(table, dice, honest, caller);
        else if (phase == Phase.Propose) _proposeNext(table, dice, honest, caller);
        else if (table.now_.openDemands > 0 && dice.oneIn(3)) _letDemandsLapse(table);
        else if (phase == Phase.Challenge) _postJudgements(table, dice, honest, caller);
        else if (phase == Phase.Score) _postScores(table, dice, honest, caller);
        if (job.phase() == phase && (phase <= Phase.Draw || dice.oneIn(3))) _advance(job, dice);
    }

    function _letDemandsLapse(Table memory table) private {
        _nextBlocks(table.terms.phaseBlocks + 1, table.terms.demandSeconds + 1);
    }

    function _commitAlone(Table memory table, Dice memory dice) private {
        uint256 position = dice.below(table.now_.cohort.length);
        bytes32 commitment = _chosenCommitment(table, dice, false, position);
        address operator = _operatorAt(table, position);
        if (operator == address(0)) return; // its wallet has no operator any more
        bool fits = !_has(table.now_.committedMask, position) && commitment != 0;
        vm.prank(operator);
        try table.job.commit(uint8(position), commitment) {
            assertTrue(fits, "a second or an empty commit was taken");
            _count("commit alone");
        } catch {
            _forget();
            assertTrue(!fits, "a commit was refused");
        }
    }

    /// @dev In its slot the first live seat proposes; or any seat does, before its slot or after it, or nobody signed.
    function _proposeNext(Table memory table, Dice memory dice, bool honest, address caller) private {
        uint256 seat = table.now_.firstSlot;
        while (honest && seat < table.now_.seats.length && !_canPropose(table, seat)) ++seat;
        if (!honest) seat = dice.below(table.now_.seats.length);
        if (seat >= table.now_.seats.length) return;
        uint256 turns = seat - (seat < table.now_.firstSlot ? seat : table.now_.firstSlot);
        if (dice.oneIn(honest ? 1 : 2)) _nextBlocks(turns * table.terms.phaseBlocks, turns * table.terms.slotSeconds);

        bytes32 root = _chooseRoot(table, dice, honest);
        SignedAttestation memory signed = _attestationOf(table, dice, honest, seat, seat, root);
        vm.prank(caller);
        try table.job.propose(root, signed) {
            _count(wrongAt[root] == 0 ? "proposed right" : "proposed wrong");
        } catch {
            _forget();
            assertTrue(!honest, "a proposal was refused in its slot");
        }
    }

    function _canPropose(Table memory table, uint256 seat) private view returns (bool) {
        return _has(table.now_.liveSeats, seat) && keyOf[_operatorOfSeat(table, seat)] != 0;
    }

    /// @dev One in eight is wrong at a coordinate, fewer are of leaves that nobody knows.
    function _chooseRoot(Table memory table, Dice memory dice, bool honest) private returns (bytes32 root) {
        uint256 where;
        if (dice.oneIn(honest ? 4 : 2)) where = 1 + dice.below(Vectors.capacityOf(table.terms.vectorLength));
        if (where > 0 && dice.oneIn(5)) where = NOBODY_KNOWS;
        if (!honest && dice.oneIn(20)) return bytes32(0);
        if (where == NOBODY_KNOWS) root = dice.word();
        else root = _aggregateOf(table, table.now_.round, _updatesOf(table), where).root;
        wrongAt[root] = where;
    }

    function _advance(IJob job, Dice memory dice) internal {
        _note();
        _see(job);
        vm.prank(_someone(dice));
        try job.advance() {
            _count("advanced");
        } catch {
            _forget();
        }
    }

    /// @dev Blocks and seconds go by; the hash of the block before the last is known.
    function _nextBlocks(uint256 blocks, uint256 seconds_) internal {
        vm.warp(vm.getBlockTimestamp() + seconds_);
        if (blocks == 0) return;
        uint256 height = vm.getBlockNumber() + blocks;
        vm.roll(height);
        vm.setBlockhash(height - 1, keccak256(abi.encode("block", height)));
    }

    function _waitSome(IJob job, Dice memory dice) internal {
        JobTerms memory terms = job.terms();
        uint256 what = dice.below(6);
        if (what == 0) _nextBlocks(1, 12);
        else if (what == 1) _nextBlocks(dice.between(1, 3), dice.below(500));
        else if (what == 2) _nextBlocks(terms.phaseBlocks, terms.slotSeconds);
        else if (what == 3) _nextBlocks(terms.phaseBlocks, terms.demandSeconds + 1);
        else if (what == 4) _nextBlocks(dice.below(2), dice.below(4_000));
        else _nextBlocks(uint256(terms.phaseBlocks) * terms.committeeSize, 2_000);
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Demand, LeafProof, SignedRoot, Statement, TreeNode, WrongLeaf} from "../../../contracts/interfaces/ICourt.sol";
import {IJob} from "../../../contracts/interfaces/IJob.sol";
import {IncludedUpdate, Phase} from "../../../contracts/interfaces/JobTypes.sol";
import {SignedStructs} from "../../../contracts/job/SignedStructs.sol";
import {Dice, Dicing} from "../helpers/Dice.sol";
import {Rounds} from "./Rounds.sol";
import {Tree, Vectors} from "./Vectors.sol";

/// @dev Proofs of fault, right and wrong ones, and demands: answered, late, or never.
abstract contract Courtroom is Rounds {
    using Dicing for Dice;
    using SignedStructs for bytes32;

    /// @dev A wrong aggregate is always proven wrong at its coordinate while the window is open; a right one nowhere.
    function _accuseStanding(IJob job, Dice memory dice) internal {
        _note();
        Table memory table = _look(job);
        bytes32 root = table.now_.aggregateRoot;
        uint256 where = wrongAt[root];
        if (root == 0 || where == NOBODY_KNOWS) return;
        uint256 coordinate = dice.below(Vectors.capacityOf(table.terms.vectorLength));
        if (where > 0 && !dice.oneIn(4)) coordinate = where - 1;
        WrongLeaf memory proof = _proofOf(table, table.now_.round, _updatesOf(table), where, coordinate);
        bool flawed = dice.oneIn(5) && _spoil(proof, dice);
        bool isProof = table.now_.phase == Phase.Challenge && where == coordinate + 1 && !flawed;
        provingStanding = isProof;
        if (isProof) mayFault = _judgesOf(table);
        vm.prank(actor);
        try court.proveWrongLeaf(job, proof) {
            assertTrue(isProof, "a proof of nothing was taken");
            assertTrue(job.phase() == Phase.Propose, "the proposal stands although it was proven wrong");
            _count("wrong leaf proven");
        } catch {
            _forget();
            assertTrue(!isProof, "a wrong aggregate was not proven wrong");
            _count("wrong leaf not proven");
        }
    }

    /// @dev The same of a settled round, once.
    function _accuseSettled(Dice memory dice) internal {
        if (wrongRounds.length == 0) return;
        WrongRound storage one = wrongRounds[dice.below(wrongRounds.length)];
        bool isProof = one.job.roundRecord(one.round) != 0;
        for (uint256 i; isProof && i < one.record.attesters.length; ++i) mayFault |= 1 << one.record.attesters[i];
        WrongLeaf memory proof = _proofOf(_look(one.job), one.round, one.updates, one.wrongAt, one.wrongAt - 1);
        vm.prank(actor);
        try court.proveSettledWrongLeaf(one.job, one.round, one.record, proof) {
            assertTrue(isProof, "a round was proven wrong twice");
        } catch {
            _forget();
            assertTrue(!isProof, "a wrong round was not proven wrong");
        }
    }

    /// @return mask by member id, of who posted or attested the standing aggregate
    function _judgesOf(Table memory table) private pure returns (uint256 mask) {
        for (uint256 seat; seat < table.now_.seats.length; ++seat) {
            if (_has(table.now_.attestedMask, seat)) mask |= 1 << table.now_.seats[seat];
        }
    }

    function _proofOf(
        Table memory table,
        uint256 round,
        IncludedUpdate[] memory updates,
        uint256 where,
        uint256 coordinate
    ) private view returns (WrongLeaf memory proof) {
        (proof.coordinate, proof.updates) = (coordinate, updates);
        // In the padding there is nothing to show of the updates.
        proof.updateLeaves = new LeafProof[](coordinate < table.terms.vectorLength ? updates.length : 0);
        for (uint256 k; k < proof.updateLeaves.length; ++k) {
            bytes32 tag = updateTags[address(table.job)][round][updates[k].memberId];
            proof.updateLeaves[k] = Vectors.proofOf(Vectors.updateTree(tag, table.terms.vectorLength), coordinate);
        }
        proof.aggregateLeaf = Vectors.proofOf(_aggregateOf(table, round, updates, where), coordinate);
    }

    /// @return whether anything was spoiled
    function _spoil(WrongLeaf memory proof, Dice memory dice) private pure returns (bool) {
        uint256 flaw = dice.below(4);
        uint256 bit = dice.below(128);
        if (flaw == 0) proof.updates[dice.below(proof.updates.length)].exampleCount += 1;
        else if (flaw == 1) proof.aggregateLeaf.leaf[bit] ^= 0x01;
        else if (flaw == 2) proof.aggregateLeaf.siblings = new bytes32[](2);
        else if (proof.updateLeaves.length == 0) return false;
        else proof.updateLeaves[dice.below(proof.updateLeaves.length)].leaf[bit] ^= 0x10;
        return true;
    }

    /// @dev A member signs two roots for one slot; or the signatures are of one root, or of two members.
    function _accuseOfEquivocation(IJob job, Dice memory dice) internal {
        Table memory table = _look(job);
        if (table.members.length == 0) return;
        uint256 id = dice.below(table.members.length);
        Statement memory said = Statement(uint32(dice.below(9)), dice.word(), uint8(dice.below(32)), dice.word());
        address signer = table.members[id].operator;
        bool same = dice.oneIn(3);
        address other = dice.oneIn(3) ? table.members[dice.below(table.members.length)].operator : signer;
        SignedRoot memory first = _signRoot(table, said, dice.word(), signer);
        SignedRoot memory second = _signRoot(table, said, same ? first.aggregateRoot : dice.word(), other);
        bool isProof = !same && signer == other && keyOf[signer] != 0;
        if (isProof) mayFault = 1 << id;
        vm.prank(actor);
        try court.proveEquivocation(job, said, first, second) {
            assertTrue(isProof, "a member equivocated that did not");
            assertEq(books[address(job)].ids[table.members[id].wallet], id + 1, "another member");
            _count("equivocation proven");
        } catch {
            _forget();
            assertTrue(!isProof, "an equivocation was not proven");
        }
    }

    function _signRoot(
        Table memory table,
        Statement memory said,
        bytes32 root,
        address operator
    ) private view returns (SignedRoot memory one) {
        one.aggregateRoot = root;
        bytes32 digest = table.domain.attestation(said.round, said.seed, said.slot, said.includeHash, root);
        (one.r, one.vs) = _sign(operator, digest);
    }

    function _demand(IJob job, Dice memory dice) internal {
        Table memory table = _look(job);
        if (table.now_.aggregateRoot == 0) return;
        IncludedUpdate[] memory updates = _updatesOf(table);
        TreeNode memory node;
        bytes32[] memory path = new bytes32[](0);
        node.tree = uint8(dice.below(updates.length + 1));
        node.hash = node.tree == 0 ? table.now_.aggregateRoot : updates[node.tree - 1].updateRoot;
        bool deep = Vectors.capacityOf(table.terms.vectorLength) > 128;
        node.level = deep ? 1 : 0;
        (Tree memory tree, bool known) = _treeOf(table, node.tree);
        if (deep && known && dice.oneIn(2)) {
            (node.level, node.index) = (0, uint32(dice.below(2)));
            node.hash = Vectors.leafHash(tree.leaves[node.index]);
            path = new bytes32[](1);
            path[0] = Vectors.leafHash(tree.leaves[1 - node.index]);
        }
        uint256 price = court.price(job, actor);
        uint256 sent = dice.oneIn(6) && price > 0 ? price - 1 : price + dice.below(price + 1);
        vm.prank(actor);
        try court.demand{value: sent}(job, updates, node, path) {
            assertTrue(table.now_.phase == Phase.Challenge && sent >= price, "a demand too late or for too little");
            (bonds[actor], allBonds) = (bonds[actor] + sent - price, allBonds + sent - price);
            _count("demanded");
        } catch {
            _forget();
        }
    }

    /// @dev The answer, where its tree is known; or another one.
    function _answer(IJob job, Dice memory dice) internal {
        Demand[] memory open = court.openDemands(job);
        if (open.length == 0) return;
        Table memory table = _look(job);
        Demand memory one = open[dice.below(open.length)];
        (Tree memory tree, bool known) = _treeOf(table, one.node.tree);
        bytes memory data = new bytes(64);
        if (known && one.node.level == 0) data = tree.leaves[one.node.index];
        else if (known) data = bytes.concat(Vectors.leafHash(tree.leaves[0]), Vectors.leafHash(tree.leaves[1]));
        bool flawed = dice.oneIn(4);
        if (flawed) data[dice.below(data.length)] ^= 0x04;
        // Seconds and blocks: a halted chain makes nobody late.
        uint256 lastBlock = openBonds[address(job)][one.id].height + table.terms.phaseBlocks;
        bool late = vm.getBlockTimestamp() > one.deadline && vm.getBlockNumber() >= lastBlock;
        bool isAnswer = known && !flawed && !late;
        vm.prank(actor);
        try court.answer(job, one.id, data) {
            assertTrue(isAnswer, "a wrong or a late answer was taken");
        } catch {
            _forget();
            assertTrue(!isAnswer, "a right answer was refused");
        }
    }

    /// @return tree of the aggregate, or of an included update
    /// @return known whether anybody knows its leaves
    function _treeOf(Table memory table, uint256 number) private view returns (Tree memory tree, bool known) {
        IncludedUpdate[] memory updates = _updatesOf(table);
        uint256 where = wrongAt[table.now_.aggregateRoot];
        if (number == 0 && where == NOBODY_KNOWS) return (tree, false);
        if (number == 0) return (_aggregateOf(table, table.now_.round, updates, where), true);
        bytes32 tag = updateTags[address(table.job)][table.now_.round][updates[number - 1].memberId];
        return (Vectors.updateTree(tag, table.terms.vectorLength), true);
    }

    function _takeBonds(IJob job) internal {
        _note();
        for (uint256 id = 1; id <= demandsMade[address(job)]; ++id) {
            try court.releaseBond(job, id) {
                _note();
                _count("bond released");
            } catch {
                _forget();
            }
        }
        uint256 owned = bonds[actor];
        vm.prank(actor);
        try court.withdrawBonds() returns (uint256 amount) {
            assertEq(amount, owned, "another bond");
            (bonds[actor], allBonds) = (0, allBonds - owned);
        } catch {
            _forget();
            assertEq(owned, 0, "a bond was not paid");
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Demand, ICourt, TreeNode, Verdict} from "../interfaces/ICourt.sol";
import {IJob} from "../interfaces/IJob.sol";
import {IncludedUpdate} from "../interfaces/JobTypes.sol";
import {MerkleNodes} from "../libraries/MerkleNodes.sol";
import {MerkleSha256} from "../libraries/MerkleSha256.sol";
import {WrongLeaves} from "./WrongLeaves.sol";

/// @title Demands to show what is under a node of a tree, so that nobody can lie and hide the leaves that would prove it.
abstract contract Demands is WrongLeaves {
    /// @dev Five slots.
    struct Kept {
        bytes32 proposal; // what stood when it was demanded: the demand falls with it
        bytes32 node;
        bytes32 hashWithout; // includeHash without the update that is asked for
        address demander;
        uint40 deadline;
        uint8 tree;
        uint8 level;
        uint128 bond;
        uint32 index;
    }

    /// @dev What a demand can be held against.
    struct Standing {
        bytes32 proposal;
        bytes32 includeHash;
        bytes32 aggregateRoot;
        uint256 depth;
        uint32 demandSeconds;
    }

    uint256 private constant MAX_OPEN = 8;
    /// @dev On one proposal: three reach a leaf of any of the 65 trees, and a flood ends.
    uint256 private constant MAX_MADE = 256;
    uint256 private constant ANSWER_LEVELS = 6;
    /// @dev An answer of 64 hashes takes some 200,000 gas; half as much again, so that answering pays.
    uint256 private constant BOND_GAS = 300_000;

    mapping(address job => uint256) private made;
    mapping(bytes32 proposal => uint256) private madeOn;
    mapping(address job => uint256[]) private open;
    mapping(address job => mapping(uint256 id => Kept)) private kept;
    mapping(bytes32 node => bool) private asked;
    mapping(bytes32 tree => uint256) private extensions;
    /// @inheritdoc ICourt
    mapping(address account => uint256) public bondsOf;

    /// @inheritdoc ICourt
    function demand(
        IJob job,
        IncludedUpdate[] calldata updates,
        TreeNode calldata node,
        bytes32[] calldata path
    ) external payable returns (uint256 id) {
        Standing memory now_ = _standing(job);
        if (now_.aggregateRoot == 0) revert NoStandingProposal();
        _requireIncluded(updates, now_.includeHash);
        _requireNode(now_, updates, node, path);
        _dropStale(address(job), now_.proposal);
        if (open[address(job)].length == MAX_OPEN) revert TooManyDemands(MAX_OPEN);
        if (++madeOn[now_.proposal] > MAX_MADE) revert TooManyDemands(MAX_MADE);
        if (msg.value < _price(job)) revert BondTooSmall(msg.value, _price(job));
        bytes32 key = keccak256(abi.encode(now_.proposal, node.tree, node.level, node.index));
        if (asked[key]) revert AlreadyDemanded(key);
        asked[key] = true;

        id = ++made[address(job)];
        open[address(job)].push(id);
        uint40 deadline = uint40(block.timestamp + now_.demandSeconds);
        kept[address(job)][id] = Kept({
            proposal: now_.proposal,
            node: node.hash,
            hashWithout: node.tree == 0 ? bytes32(0) : _hashWithout(updates, node.tree - 1),
            demander: msg.sender,
            deadline: deadline,
            tree: node.tree,
            level: node.level,
            bond: uint128(msg.value),
            index: node.index
        });
        emit Demanded(address(job), id, msg.sender, node, deadline, msg.value);
        job.openDemand();
    }

    /// @inheritdoc ICourt
    function answer(IJob job, uint256 id, bytes calldata data) external {
        Standing memory now_ = _standing(job);
        Kept memory asked_ = kept[address(job)][id];
        if (asked_.proposal == 0 || asked_.proposal != now_.proposal) revert NoSuchDemand(id);
        if (block.timestamp > asked_.deadline) revert TooLate(asked_.deadline);
        _requireAnswer(asked_, data);

        _remove(address(job), id);
        bondsOf[msg.sender] += asked_.bond;
        emit Answered(address(job), id, msg.sender, data);
        bytes32 tree = keccak256(abi.encode(asked_.proposal, asked_.tree));
        // So that who asked has time to ask on: as often as it takes to reach a leaf, and once more for the proof.
        uint256 limit = (now_.depth + ANSWER_LEVELS - 1) / ANSWER_LEVELS + 1;
        bool extends = extensions[tree]++ < limit;
        job.closeDemand(extends ? uint40(block.timestamp + now_.demandSeconds) : 0);
    }

    /// @inheritdoc ICourt
    function overdue() external returns (Verdict verdict, address demander, uint256 updateIndex, bytes32 includeHash) {
        address job = msg.sender;
        bytes32 proposal = _standing(IJob(job)).proposal;
        uint256[] storage ids = open[job];
        for (uint256 i; i < ids.length && verdict == Verdict.None; ++i) {
            Kept storage one = kept[job][ids[i]];
            if (one.proposal != proposal || block.timestamp <= one.deadline) continue;
            (demander, includeHash) = (one.demander, one.hashWithout);
            verdict = one.tree == 0 ? Verdict.AggregateWithheld : Verdict.UpdateWithheld;
            if (one.tree > 0) updateIndex = one.tree - 1;
            emit Overdue(job, ids[i], demander);
        }
        if (verdict != Verdict.None) _dropStale(job, 0);
    }

    /// @inheritdoc ICourt
    function releaseBond(IJob job, uint256 id) external {
        Kept storage one = kept[address(job)][id];
        if (one.proposal == 0 || one.proposal == _standing(job).proposal) revert NoSuchDemand(id);
        _return(address(job), id);
    }

    /// @inheritdoc ICourt
    function withdrawBonds() external returns (uint256 amount) {
        amount = bondsOf[msg.sender];
        if (amount == 0) revert NoBond(msg.sender);
        bondsOf[msg.sender] = 0;
        (bool sent, ) = msg.sender.call{value: amount}("");
        if (!sent) revert TransferFailed(msg.sender);
    }

    /// @inheritdoc ICourt
    function price(IJob job) external view returns (uint256) {
        bytes32 proposal = _standing(job).proposal;
        uint256 count;
        uint256[] storage ids = open[address(job)];
        for (uint256 i; i < ids.length; ++i) if (kept[address(job)][ids[i]].proposal == proposal) ++count;
        return (BOND_GAS * block.basefee) << count;
    }

    /// @inheritdoc ICourt
    function openDemands(IJob job) external view returns (Demand[] memory list) {
        bytes32 proposal = _standing(job).proposal;
        uint256[] storage ids = open[address(job)];
        list = new Demand[](ids.length);
        uint256 count;
        for (uint256 i; i < ids.length; ++i) {
            Kept memory one = kept[address(job)][ids[i]];
            if (one.proposal != proposal) continue;
            TreeNode memory node = TreeNode(one.tree, one.level, one.index, one.node);
            list[count++] = Demand(ids[i], one.demander, one.deadline, one.bond, node);
        }
        assembly ("memory-safe") {
            mstore(list, count)
        }
    }

    function _standing(IJob job) private view returns (Standing memory now_) {
        (uint32 round, uint8 slot, bytes32 seed, bytes32 included, bytes32 root) = job.standingProposal();
        (now_.includeHash, now_.aggregateRoot) = (included, root);
        now_.proposal = keccak256(abi.encode(job, round, slot, seed, included, root));
        now_.depth = MerkleSha256.depthOf(job.terms().vectorLength);
        now_.demandSeconds = job.terms().demandSeconds;
    }

    function _price(IJob job) private view returns (uint256) {
        return (BOND_GAS * block.basefee) << open[address(job)].length;
    }

    function _requireNode(
        Standing memory now_,
        IncludedUpdate[] calldata updates,
        TreeNode calldata node,
        bytes32[] calldata path
    ) private pure {
        bool exists =
            node.tree <= updates.length && node.level <= now_.depth && node.index >> (now_.depth - node.level) == 0;
        if (!exists || path.length != now_.depth - node.level) {
            revert NoSuchNode(node.tree, node.level, node.index);
        }
        bytes32 root = node.tree == 0 ? now_.aggregateRoot : updates[node.tree - 1].updateRoot;
        bytes32 found = MerkleNodes.rootOf(node.hash, path, node.index);
        if (found != root) revert BadPath(root, found);
    }

    /// @dev The hashes six levels down, or as many levels as there are; or the leaf itself.
    function _requireAnswer(Kept memory asked_, bytes calldata data) private pure {
        uint256 size = asked_.tree == 0 ? AGGREGATE_LEAF_BYTES : UPDATE_LEAF_BYTES;
        if (asked_.level > 0) size = 32 << (asked_.level < ANSWER_LEVELS ? asked_.level : ANSWER_LEVELS);
        if (data.length != size) revert BadLeafSize(data.length, size);
        bytes32 found = asked_.level > 0 ? MerkleNodes.above(data) : MerkleNodes.leafHash(data);
        if (found != asked_.node) revert BadAnswer(asked_.node, found);
    }

    function _hashWithout(IncludedUpdate[] calldata updates, uint256 index) private pure returns (bytes32) {
        IncludedUpdate[] memory others = new IncludedUpdate[](updates.length - 1);
        for (uint256 i; i < others.length; ++i) others[i] = updates[i < index ? i : i + 1];
        return keccak256(abi.encode(others));
    }

    /// @dev Returns the bonds of all open demands but those of `proposal`.
    function _dropStale(address job, bytes32 proposal) private {
        uint256[] storage ids = open[job];
        for (uint256 i = ids.length; i > 0; --i) {
            uint256 id = ids[i - 1];
            if (kept[job][id].proposal != proposal) _return(job, id);
        }
    }

    function _return(address job, uint256 id) private {
        (address demander, uint256 bond) = (kept[job][id].demander, kept[job][id].bond);
        _remove(job, id);
        bondsOf[demander] += bond;
        emit BondReturned(job, id, demander, bond);
    }

    function _remove(address job, uint256 id) private {
        delete kept[job][id];
        uint256[] storage ids = open[job];
        uint256 last = ids.length - 1;
        for (uint256 i; i < last; ++i) if (ids[i] == id) ids[i] = ids[last];
        ids.pop();
    }
}

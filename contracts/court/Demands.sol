// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Demand, ICourt, TreeNode, Verdict} from "../interfaces/ICourt.sol";
import {IJob} from "../interfaces/IJob.sol";
import {IRegistry} from "../interfaces/IRegistry.sol";
import {IncludedUpdate, JobTerms} from "../interfaces/JobTypes.sol";
import {MerkleNodes} from "../libraries/MerkleNodes.sol";
import {MerkleSha256} from "../libraries/MerkleSha256.sol";
import {WrongLeaves} from "./WrongLeaves.sol";

/// @title Demands to show what is under a node of a tree, so that nobody can lie and hide the leaves that would prove it.
abstract contract Demands is WrongLeaves {
    IRegistry internal immutable REGISTRY;

    /// @dev Six slots.
    struct Kept {
        bytes32 proposal; // what stood when it was demanded: the demand falls with it
        bytes32 node;
        bytes32 hashWithout; // includeHash without the update that is asked for
        address demander;
        uint40 deadline;
        uint40 deadlineBlock;
        uint8 tree;
        uint8 level;
        address place; // the drawn member's wallet whose place it takes; zero for one of the public's
        uint96 bond;
        uint96 fee; // of it, to whoever answers
        uint32 index;
    }

    /// @dev What a demand can be held against.
    struct Standing {
        bytes32 proposal;
        bytes32 includeHash;
        bytes32 aggregateRoot;
        uint256 depth;
        uint256 proposedAt;
        JobTerms terms;
    }

    /// @dev Open at a time. Every member drawn in the round has a place of its own beside these, so that nobody is kept out.
    uint256 private constant PUBLIC_PLACES = 8;
    uint256 private constant ANSWER_LEVELS = 6;
    /// @dev An answer of 64 hashes takes some 200,000 gas; half as much again, so that answering pays.
    uint256 private constant BOND_GAS = 300_000;

    mapping(address job => uint256) private made;
    mapping(address job => uint256[]) private open;
    mapping(address job => mapping(uint256 id => Kept)) private kept;
    mapping(bytes32 node => bool) private asked;
    /// @dev Open demands by proposal and wallet of a drawn member; by proposal and the zero address for the public's.
    mapping(bytes32 proposal => mapping(address place => uint256)) private taken;
    /// @inheritdoc ICourt
    mapping(address account => uint256) public bondsOf;

    constructor(IRegistry registry) {
        REGISTRY = registry;
    }

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
        _requireInTime(now_, updates.length);
        _dropStale(address(job), now_.proposal);
        address place = _placeOf(job, msg.sender);
        uint256 bond = _price(now_.proposal, place);
        if (msg.value < bond) revert BondTooSmall(msg.value, bond);
        bondsOf[msg.sender] += msg.value - bond;
        _takePlace(now_.proposal, place);
        _askOnce(now_.proposal, node);

        id = ++made[address(job)];
        open[address(job)].push(id);
        uint40 deadline = uint40(block.timestamp + now_.terms.demandSeconds);
        kept[address(job)][id] = Kept({
            proposal: now_.proposal,
            node: node.hash,
            hashWithout: node.tree == 0 ? bytes32(0) : _hashWithout(updates, node.tree - 1),
            demander: msg.sender,
            deadline: deadline,
            deadlineBlock: uint40(block.number + now_.terms.phaseBlocks),
            tree: node.tree,
            level: node.level,
            place: place,
            bond: uint96(bond),
            fee: uint96(_fee()),
            index: node.index
        });
        emit Demanded(address(job), id, msg.sender, node, deadline, bond);
        job.openDemand();
    }

    /// @inheritdoc ICourt
    function answer(IJob job, uint256 id, bytes calldata data) external {
        Kept memory asked_ = kept[address(job)][id];
        if (asked_.proposal == 0 || asked_.proposal != _standing(job).proposal) revert NoSuchDemand(id);
        if (_isOver(asked_)) revert TooLate(asked_.deadline);
        _requireAnswer(asked_, data);
        _remove(address(job), id, asked_);
        bondsOf[msg.sender] += asked_.fee;
        emit Answered(address(job), id, msg.sender, data);
        job.closeDemand();
    }

    /// @inheritdoc ICourt
    function overdue() external returns (Verdict verdict, address demander, uint256 updateIndex, bytes32 includeHash) {
        address job = msg.sender;
        bytes32 proposal = _standing(IJob(job)).proposal;
        uint256[] storage ids = open[job];
        for (uint256 i; i < ids.length && verdict == Verdict.None; ++i) {
            Kept storage one = kept[job][ids[i]];
            if (one.proposal != proposal || !_isOver(one)) continue;
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
    function price(IJob job, address demander) external view returns (uint256) {
        return _price(_standing(job).proposal, _placeOf(job, demander));
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
        uint32 round;
        uint8 slot;
        bytes32 seed;
        (round, slot, now_.proposedAt, seed, now_.includeHash, now_.aggregateRoot) = job.standingProposal();
        now_.proposal = keccak256(abi.encode(job, round, slot, seed, now_.includeHash, now_.aggregateRoot));
        now_.terms = job.terms();
        now_.depth = MerkleSha256.depthOf(now_.terms.vectorLength);
    }

    /// @dev Time enough to walk to a leaf of each tree, one demand after the other; then no more, so that the window ends.
    function _requireInTime(Standing memory now_, uint256 updates) private view {
        uint256 steps = (now_.depth + ANSWER_LEVELS - 1) / ANSWER_LEVELS + 1;
        uint256 walk = (updates + 1) * steps * now_.terms.demandSeconds;
        uint256 last = now_.proposedAt + now_.terms.challengeSeconds + walk;
        if (block.timestamp > last) revert TooLate(last);
    }

    /// @dev Seconds and blocks, so that a halt of the chain answers for nobody.
    function _isOver(Kept memory one) private view returns (bool) {
        return block.timestamp > one.deadline && block.number >= one.deadlineBlock;
    }

    /// @return place the wallet, where `account` is one that was drawn in the running round, or an operator of it
    function _placeOf(IJob job, address account) private view returns (address place) {
        place = REGISTRY.walletOf(account);
        if (place == address(0)) place = account;
        if (!job.isDrawn(place)) place = address(0);
    }

    function _takePlace(bytes32 proposal, address place) private {
        uint256 max = place == address(0) ? PUBLIC_PLACES : 1;
        if (taken[proposal][place]++ == max) revert TooManyDemands(max);
    }

    function _askOnce(bytes32 proposal, TreeNode calldata node) private {
        bytes32 key = keccak256(abi.encode(proposal, node.tree, node.level, node.index));
        if (asked[key]) revert AlreadyDemanded(key);
        asked[key] = true;
    }

    function _fee() private view returns (uint256) {
        return BOND_GAS * block.basefee;
    }

    function _price(bytes32 proposal, address place) private view returns (uint256) {
        return place == address(0) ? _fee() << taken[proposal][place] : _fee();
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
        Kept memory one = kept[job][id];
        _remove(job, id, one);
        bondsOf[one.demander] += one.bond;
        emit BondReturned(job, id, one.demander, one.bond);
    }

    function _remove(address job, uint256 id, Kept memory one) private {
        --taken[one.proposal][one.place];
        delete kept[job][id];
        uint256[] storage ids = open[job];
        uint256 last = ids.length - 1;
        for (uint256 i; i < last; ++i) if (ids[i] == id) ids[i] = ids[last];
        ids.pop();
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJob} from "./IJob.sol";
import {IncludedUpdate, RoundRecord} from "./JobTypes.sol";

/// @notice A leaf of 128 values (big-endian: int16 of an update, int32 of the aggregate) and its sibling hashes from the
/// leaf up.
struct LeafProof {
    bytes leaf;
    bytes32[] siblings;
}

/// @notice One coordinate of an aggregate, with all that decides what it should be.
struct WrongLeaf {
    uint256 coordinate; // index into the vector, padding included: beyond the vector's length the right value is 0
    IncludedUpdate[] updates; // the include set, as hashed on the chain
    LeafProof[] updateLeaves; // for each update the leaf that holds the coordinate; none for a coordinate in the padding
    LeafProof aggregateLeaf;
}

/// @notice What a seat signed: `Attestation(uint32 round,bytes32 seed,uint8 slot,bytes32 includeHash,bytes32 aggregateRoot)`.
struct Statement {
    uint32 round;
    bytes32 seed;
    uint8 slot;
    bytes32 includeHash;
}

/// @notice A root that was signed for a statement (EIP-2098).
struct SignedRoot {
    bytes32 aggregateRoot;
    bytes32 r;
    bytes32 vs;
}

/// @notice A node of a tree: of the aggregate's, or of an included update's.
struct TreeNode {
    uint8 tree; // 0 for the aggregate, k + 1 for the update at index k of the include order
    uint8 level; // above the leaves; 0 is a leaf
    uint32 index; // from the left, in its level
    bytes32 hash;
}

/// @notice A demand that waits for its answer.
struct Demand {
    uint256 id;
    address demander;
    uint64 deadline;
    uint256 bond;
    TreeNode node;
}

/// @notice What an unanswered demand means for the job.
enum Verdict {
    None, // nothing is overdue
    AggregateWithheld,
    UpdateWithheld
}

/// @title Proofs of fault, and demands to show what is hidden.
/// @notice A proof needs no bond: an invalid one reverts. A demand's bond is in the chain's coin and pays for the answer.
interface ICourt {
    event Demanded(
        address indexed job,
        uint256 indexed id,
        address indexed demander,
        TreeNode node,
        uint64 deadline,
        uint256 bond
    );
    /// @param data the 64 hashes six levels down (fewer near the leaves), or the leaf
    event Answered(address indexed job, uint256 indexed id, address indexed answerer, bytes data);
    event Overdue(address indexed job, uint256 indexed id, address indexed demander);
    event BondReturned(address indexed job, uint256 indexed id, address indexed demander, uint256 bond);

    error WrongIncludeSet(bytes32 given, bytes32 onChain);
    error NoStandingProposal();
    error LengthMismatch(uint256 updates, uint256 proofs);
    error CoordinateOutOfRange(uint256 coordinate, uint256 capacity);
    error BadLeafSize(uint256 size, uint256 expected);
    error BadProof(uint256 index);
    error AggregateIsRight(uint256 coordinate, int256 value);
    error SameRoot(bytes32 aggregateRoot);
    error BadSignature();
    error DifferentSigners(address first, address second);
    error SignerIsNoMember(address signer);
    error NoSuchNode(uint256 tree, uint256 level, uint256 index);
    error BadPath(bytes32 root, bytes32 found);
    error AlreadyDemanded(bytes32 key);
    error TooManyDemands(uint256 max);
    error BondTooSmall(uint256 given, uint256 price);
    error NoSuchDemand(uint256 id);
    error TooLate(uint256 deadline);
    error BadAnswer(bytes32 expected, bytes32 found);
    error NoBond(address account);
    error TransferFailed(address account);

    /// @notice Proves that the standing aggregate of `job` is wrong at one coordinate; the caller is rewarded.
    function proveWrongLeaf(IJob job, WrongLeaf calldata proof) external;

    /// @notice Proves the same of a settled round, for slashing later.
    function proveSettledWrongLeaf(
        IJob job,
        uint32 round,
        RoundRecord calldata record,
        WrongLeaf calldata proof
    ) external;

    /// @notice Proves that a member of `job` signed two roots for one slot over one include set.
    function proveEquivocation(
        IJob job,
        Statement calldata statement,
        SignedRoot calldata first,
        SignedRoot calldata second
    ) external;

    /// @notice Demands to be shown what is under a node of the standing aggregate's tree or of an included update's. What is sent
    /// beyond the price is the caller's to withdraw. While a demand is open the window is, too, and an answer keeps it open
    /// for as long again. Each node once a proposal. A member that was drawn in the round, or its operator, may have one
    /// demand open; the public eight together. None after challengeSeconds and the time for a walk to a leaf of each tree.
    /// @param updates the include set, as hashed on the chain
    /// @param path sibling hashes from the node up to its tree's root
    function demand(
        IJob job,
        IncludedUpdate[] calldata updates,
        TreeNode calldata node,
        bytes32[] calldata path
    ) external payable returns (uint256 id);

    /// @notice Answers a demand, before its time is over. Anyone; the answer is checked against the node's hash.
    /// @param data the 64 hashes six levels down (2^level near the leaves), or the leaf where the node is one
    function answer(IJob job, uint256 id, bytes calldata data) external;

    /// @notice Finds what is overdue at the calling job; its other demands are void with it.
    /// @return verdict what it means
    /// @return demander who asked
    /// @return updateIndex of the withheld update in include order
    /// @return includeHash of the updates without it
    function overdue() external returns (Verdict verdict, address demander, uint256 updateIndex, bytes32 includeHash);

    /// @notice Sends returned bonds and earned answers of the caller, in the chain's coin.
    function withdrawBonds() external returns (uint256 amount);

    /// @notice Sets free the bond of a demand that fell with its proposal. Anyone.
    function releaseBond(IJob job, uint256 id) external;

    /// @return the bond of the next demand of `demander`: 1.5 times an answer's gas at the block's base fee, which is what an
    /// answer is paid; for who was not drawn in the round doubled with each open demand of such, and that surplus is
    /// kept here for ever
    function price(IJob job, address demander) external view returns (uint256);

    /// @return demands of the standing proposal that wait for an answer
    function openDemands(IJob job) external view returns (Demand[] memory);

    function bondsOf(address account) external view returns (uint256);
}

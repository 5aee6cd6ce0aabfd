// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice Where a round stands. A phase lasts until it is complete, or until its seconds and its blocks are over, and then
/// until somebody calls `advance()`.
enum Phase {
    Joining, // members join; the job starts when enough have, or at the deadline
    Draw, // the entropy block is awaited; cohort and seats are drawn next
    Commit, // the cohort trains and commits
    Share, // openings and bitmaps are posted; the include set is fixed at the end
    Propose, // aggregators take their slots
    Challenge, // the aggregate can be proved wrong; seats attest and commit their scores
    Score, // score vectors are opened; settled at the end
    Finished, // all rounds are over, or too few members are left; the rest of the pool went to the sponsor
    Failed // too few members ever joined; the pool went to the sponsor
}

/// @notice What a job promises; written into the clone's code and never changed.
struct JobTerms {
    IERC20 token; // pays the pool
    IERC20 stakeToken; // stakes are locked in it; may be the same
    bytes32 specHash; // sha-256 of the canonical job.json (RFC 8785)
    bytes32 genesisHash; // modelId before the first round: sha-256 of the initial params
    uint32 rounds;
    uint32 vectorLength; // integers in an update
    uint32 weightCap; // cohortSize * weightCap <= 2^29
    uint16 startMembers; // the job starts as soon as so many have joined
    uint16 cohortSize; // at most so many train in a round
    uint16 committeeSize; // at most so many seats
    uint16 minCommits; // fewer skip the round
    uint8 rule; // aggregation rule: 0 weighted mean, 1 trimmed mean, 2 median
    uint16 trimPermille; // of the trimmed mean: so many thousandths are dropped at either end
    int8 minExponent; // bounds of the update encoding's power-of-two step
    int8 maxExponent;
    int8 initialExponent;
    bool stakeWeighted; // draws: by stake, or everybody alike
    uint8 suspendDraws; // draws that a missed duty keeps a member out of
    uint32 joinSeconds;
    uint32 commitSeconds;
    uint32 shareSeconds;
    uint32 slotSeconds; // an aggregator's turn
    uint32 demandSeconds; // to answer a demand; and the window's length once a quorum has attested
    uint32 challengeSeconds; // the window's length otherwise
    uint32 scoreSeconds;
    uint32 unbondSeconds; // at least the longest that a round can last after its commits
    uint16 phaseBlocks; // a phase, and an aggregator's turn, lasts its seconds and so many blocks
    uint96 stake; // what a member locks at least
    uint96 faultSlash; // for a wrong aggregate, and for attesting one; for an aggregate or an update that is withheld
    uint96 missSlash; // for a withheld opening, a missed slot, an unopened score, a certified update that nobody shows
    uint96 proofReward; // to whoever proves a fault, at most half of what was taken
    uint16 contributorsBps; // the split of a round's pay; the four sum to 10,000
    uint16 aggregatorBps;
    uint16 committeeBps;
    uint16 keepersBps;
}

/// @notice A member; its id is its place in the list, counted from 0, and never changes.
struct Member {
    address operator; // of the current round; a rotation takes effect at the next draw
    address wallet;
    uint32 trailingScore; // 1/256 of a score point
    uint32 suspendedUntil; // the first round in which `resume` brings it back to later draws; zero where it is not suspended
    uint16 weight; // in the next draw as far as it is known; zero for who takes no part
    uint96 credit; // earned in this job and not yet claimed
    bool active; // has not asked to leave
    bool ejected; // a proven fault: out of all further draws
}

/// @notice An update that counts in a round. Lists of them are in ascending member id.
struct IncludedUpdate {
    bytes32 updateRoot;
    uint16 memberId;
    uint32 exampleCount; // already at most weightCap
}

/// @notice Signed as `Commit(uint32 round,bytes32 seed,bytes32 commitment)`. Signatures are compact (EIP-2098).
struct SignedCommit {
    uint8 position; // in the cohort
    bytes32 commitment;
    bytes32 r;
    bytes32 vs;
}

struct Opening {
    uint8 position; // in the cohort
    bytes32 updateRoot;
    uint32 exampleCount;
    bytes32 salt;
}

/// @notice Bit p: this seat holds and has checked the update of cohort position p.
/// Signed as `Bitmap(uint32 round,bytes32 seed,uint8 seat,uint256 bits)`.
struct SignedBitmap {
    uint8 seat;
    uint256 bits;
    bytes32 r;
    bytes32 vs;
}

/// @notice Signed as `Attestation(uint32 round,bytes32 seed,uint8 slot,bytes32 includeHash,bytes32 aggregateRoot)`.
struct SignedAttestation {
    uint8 seat;
    bytes32 r;
    bytes32 vs;
}

/// @notice Signed as `ScoreCommit(uint32 round,bytes32 seed,bytes32 includeHash,bytes32 commitment)`, where commitment is
/// keccak256(abi.encode(chainId, job, round, seed, memberId of the scorer, includeHash, keccak256(vector), salt)).
struct SignedScoreCommit {
    uint8 seat;
    bytes32 commitment;
    bytes32 r;
    bytes32 vs;
}

/// @notice `vector` holds one big-endian uint16 an included update, in include order: 0 for the scorer's own, 10,000 in
/// sum; or it is empty, when the seat abstains.
struct ScoreOpening {
    uint8 seat;
    bytes vector;
    bytes32 salt;
}

/// @notice What the chain keeps of a settled round, as its keccak256(abi.encode(record)).
struct RoundRecord {
    bytes32 seed;
    bytes32 includeHash;
    bytes32 aggregateRoot;
    uint16 poster; // member ids
    uint16[] attesters; // in seat order; the poster is one of them
}

/// @notice All that a daemon needs to act in the current round.
struct RoundView {
    Phase phase;
    uint32 round; // counts from 1; 0 while joining
    uint64 phaseStart; // seconds
    uint64 phaseStartBlock;
    uint64 blockTime; // of the block this was read in
    uint64 blockNumber;
    bytes32 seed;
    bytes32 modelId;
    uint16[] cohort; // member ids, ascending
    uint16[] seats; // member ids in drawn order
    uint256 committedMask; // bits by cohort position; passes included until Commit ends
    uint256 passedMask;
    uint256 openedMask;
    uint256 includedMask; // fixed when Share ends; a withheld update leaves it later
    bytes32[] updateRoots; // by position, until Share ends: the root once opened, before that the commitment, its low byte cleared
    uint32[] exampleCounts; // by position, until Share ends
    uint256[] bitmaps; // by seat
    uint256 liveSeats; // bits by seat; a proven fault clears one for the round
    uint8 firstSlot; // slots before it are gone
    uint8 slot; // of the standing proposal
    bytes32 includeHash; // keccak256(abi.encode(IncludedUpdate[])); zero until Share ends
    bytes32 aggregateRoot; // zero without a standing proposal
    uint256 attestedMask; // bits by seat
    uint256 scoreCommittedMask;
    uint256 scoreOpenedMask;
    uint8 openDemands; // while there are any, the window stays open
    uint64 windowEnd; // an answered demand keeps the window open until then at least
    uint64 windowEndBlock;
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice Where a round stands. `advance()` moves it; a phase lasts until it is complete, or until its seconds and blocks
/// are over, and then until somebody calls.
enum Phase {
    Joining, // members join; the job starts when enough have, or at the deadline
    Draw, // the entropy block is awaited; cohort and seats are drawn next
    Commit, // the cohort trains and commits
    Share, // openings and bitmaps are posted; the include set is fixed at the end
    Propose, // aggregators take their slots
    Challenge, // the aggregate can be proved wrong; seats attest and commit their scores
    Score, // score vectors are opened; settled at the end
    Finished, // all rounds are over; the rest of the pool went to the sponsor
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
    uint8 rule; // aggregation rule: 0 is the weighted mean
    int8 minExponent; // bounds of the update encoding's power-of-two step
    int8 maxExponent;
    int8 initialExponent;
    uint32 joinSeconds;
    uint32 commitSeconds;
    uint32 shareSeconds;
    uint32 slotSeconds; // an aggregator's turn
    uint32 attestSeconds; // the window's length once a quorum has attested
    uint32 challengeSeconds; // the window's length otherwise
    uint32 scoreSeconds;
    uint32 unbondSeconds; // at least the longest that a round can last after its commits
    uint16 phaseBlocks; // a phase lasts its seconds and so many blocks
    uint128 stake; // what a member locks
    uint128 faultSlash; // for a wrong aggregate, and for attesting one
    uint128 missSlash; // for a withheld opening, a missed slot, an unopened score
    uint128 proofReward; // to whoever proves a fault, at most half of what was taken
    uint16 contributorsBps; // the split of a round's pay; the four sum to 10,000
    uint16 aggregatorBps;
    uint16 committeeBps;
    uint16 keepersBps;
}

struct Member {
    address operator;
    address wallet;
    uint32 trailingScore; // 1/256 of a score point
    bool barred; // a proven fault: never drawn for the committee again
    bool active;
}

/// @notice An update that counts in a round. Lists of them are in ascending member id.
struct IncludedUpdate {
    bytes32 updateRoot;
    address operator;
    uint32 exampleCount; // already at most weightCap
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
    bytes signature;
}

/// @notice Signed as `Attestation(uint32 round,bytes32 seed,uint8 slot,bytes32 includeHash,bytes32 aggregateRoot)`.
struct SignedAttestation {
    uint8 seat;
    bytes signature;
}

/// @notice Signed as `ScoreCommit(uint32 round,bytes32 seed,bytes32 includeHash,bytes32 commitment)`, where commitment is
/// keccak256(abi.encode(chainId, job, round, seed, scorer, includeHash, keccak256(vector), salt)).
struct SignedScoreCommit {
    uint8 seat;
    bytes32 commitment;
    bytes signature;
}

/// @notice `vector` holds one big-endian uint16 an included update, in include order: 0 for the scorer's own, 10,000 in
/// sum; or it is empty, when the seat abstains.
struct ScoreOpening {
    uint8 seat;
    bytes vector;
    bytes32 salt;
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
    uint256 committedMask; // bits by cohort position
    uint256 openedMask;
    uint256 includedMask; // fixed when Share ends
    bytes32[] updateRoots; // by cohort position: the root once opened, before that the commitment, its low byte cleared
    uint32[] exampleCounts;
    uint256[] bitmaps; // by seat
    uint256 liveSeats; // bits by seat; a proven fault clears one for the round
    uint8 firstSlot; // slots before it are gone
    uint8 slot; // of the standing proposal
    bytes32 includeHash; // keccak256(abi.encode(IncludedUpdate[]))
    bytes32 aggregateRoot; // zero without a standing proposal
    uint256 attestedMask; // bits by seat
    uint256 scoreCommittedMask;
    uint256 scoreOpenedMask;
}

/// @title One federated training job: its members and its rounds, from the draw to the pay.
/// @notice Nobody owns it. Every transition is `advance()`, which anyone may call. Everything posted by relay is add-only:
/// an entry that is invalid, late or a duplicate is skipped and never makes the call revert.
interface IJob {
    event Joined(uint16 indexed memberId, address indexed wallet, address indexed operator);
    event Left(uint16 indexed memberId, address indexed wallet);
    event PhaseEntered(uint32 indexed round, Phase phase);
    event RoundDrawn(uint32 indexed round, bytes32 seed, uint16[] cohort, uint16[] seats);
    event Committed(uint32 indexed round, uint8 position, bytes32 commitment);
    event Opened(uint32 indexed round, uint8 position, bytes32 updateRoot, uint32 exampleCount);
    event BitmapPosted(uint32 indexed round, uint8 seat, uint256 bits);
    event IncludeSetFixed(uint32 indexed round, uint256 includedMask, bytes32 includeHash);
    event Proposed(uint32 indexed round, uint8 slot, address indexed operator, bytes32 aggregateRoot);
    event Attested(uint32 indexed round, uint256 attestedMask);
    event ScoreCommitted(uint32 indexed round, uint8 seat, bytes32 commitment);
    event ScoreOpened(uint32 indexed round, uint8 seat, bytes vector);
    event MemberFaulted(uint32 indexed round, uint16 indexed memberId, address indexed prover, uint256 taken);
    event MemberMissed(uint32 indexed round, uint16 indexed memberId, Phase phase, uint256 taken);
    event RoundSkipped(uint32 indexed round, Phase phase);
    /// @param scores by include order, as paid (uint16 points or 1/256 points where the trailing scores were used)
    /// @param contributorsPay by include order, in the pool's token
    event RoundSettled(
        uint32 indexed round,
        bytes32 aggregateRoot,
        bytes32 modelId,
        uint256 includedMask,
        uint256[] scores,
        uint256[] contributorsPay,
        uint256 paid
    );
    event JobEnded(Phase phase, uint256 refunded);

    error WrongPhase(Phase current);
    error NotYet(Phase phase, uint256 secondsLeft, uint256 blocksLeft);
    error NotRegistered(address wallet);
    error AlreadyMember(address wallet);
    error NotAMember(address wallet);
    error JobFull(uint256 members);
    error NotInCohort(address operator, uint256 position);
    error AlreadyCommitted(uint256 position);
    error EmptyCommitment();
    error NotASeat(address operator);
    error SlotNotOpen(uint256 slot, uint256 opensAt);
    error SlotGone(uint256 slot, uint256 firstSlot);
    error EmptyRoot();
    error OnlyCourt(address caller);
    error OnlyFactory(address caller);

    /// @notice Joins with the operator that the calling wallet registered, and locks the stake of the terms. Takes part in
    /// the first draw after the next commits have closed (before the start: at once).
    function join() external returns (uint16 memberId);

    /// @notice Leaves: out of the draws that follow the next close of commits; the stake unbonds from then on. At once
    /// before the start and after the end.
    function leave() external;

    /// @notice Moves the job on by one transition, if its phase is complete or its time is over. Anyone.
    function advance() external;

    /// @notice Commits the calling operator's update.
    /// @param position the operator's place in the cohort
    /// @param commitment keccak256(abi.encode(chainId, job, round, operator, updateRoot, exampleCount, salt))
    function commit(uint8 position, bytes32 commitment) external;

    /// @notice Posts openings and bitmaps. Add-only, by anyone; the bits of one seat are OR-ed, its own bit does not count.
    function share(Opening[] calldata openings, SignedBitmap[] calldata bitmaps) external;

    /// @notice Posts the aggregate's root, by the operator whose slot has opened.
    function propose(bytes32 aggregateRoot) external;

    /// @notice Posts attestations of the standing proposal and score commits. Add-only, by anyone.
    function attest(SignedAttestation[] calldata attestations, SignedScoreCommit[] calldata scoreCommits) external;

    /// @notice Opens score vectors. Add-only, by anyone.
    function openScores(ScoreOpening[] calldata openings) external;

    /// @notice The standing proposal is proven wrong: slashes its poster and those who attested it, and returns the round
    /// to Propose with the next slot. Court only.
    function faultAggregate(address prover) external;

    function initialize(address sponsor) external;

    function terms() external view returns (JobTerms memory);
    function sponsor() external view returns (address);
    function phase() external view returns (Phase);
    function roundView() external view returns (RoundView memory);
    function memberCount() external view returns (uint256);
    /// @notice Members by id, `from` included, `to` not; ids count from 0.
    function members(uint256 from, uint256 to) external view returns (Member[] memory);
    /// @notice What the Court judges by.
    function standingProposal()
        external
        view
        returns (uint32 round, bytes32 seed, bytes32 includeHash, bytes32 aggregateRoot, address poster);
    /// @notice keccak256(abi.encode(seed, includeHash, aggregateRoot, attestedMask)) of a settled round, zero otherwise.
    function roundRecord(uint32 round) external view returns (bytes32);
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IJob} from "./interfaces/IJob.sol";
import {IJobFactory} from "./interfaces/IJobFactory.sol";
import {ITreasury} from "./interfaces/ITreasury.sol";
import {JobTerms} from "./interfaces/JobTypes.sol";
import {TermsCode} from "./libraries/TermsCode.sol";

/// @title The factory of jobs. See IJobFactory.
contract JobFactory is IJobFactory {
    uint256 private constant MIN_MEMBERS = 3;
    uint256 private constant MAX_COHORT = 64;
    uint256 private constant MAX_COMMITTEE = 32;
    uint256 private constant MAX_ROUNDS = 100_000;
    uint256 private constant MAX_PHASE_SECONDS = 7 days;
    uint256 private constant MAX_PHASE_BLOCKS = 1_000;
    /// @dev Beyond what the terms need: no sponsor locks a stake for longer.
    uint256 private constant MAX_EXTRA_UNBOND = 90 days;
    /// @dev 2^21 leaves: no proof has more than 21 siblings a leaf.
    uint256 private constant MAX_VECTOR_LENGTH = 2 ** 28;
    /// @dev Example counts are kept in 24 bits.
    uint256 private constant LARGEST_WEIGHT_CAP = 2 ** 24 - 1;
    /// @dev So that 512 times the weighted sum stays below 2^53, where the peers' numbers are exact.
    uint256 private constant MAX_WEIGHT_SUM = 2 ** 29;
    uint256 private constant LAST_RULE = 2;
    uint256 private constant TRIMMED_MEAN = 1;
    /// @dev Below a half, so that a value is left.
    uint256 private constant MAX_TRIM_PERMILLE = 499;
    int256 private constant MAX_EXPONENT = 30;
    uint256 private constant ALL_BPS = 10_000;
    /// @dev A single missed duty costs a quarter of the least stake at most.
    uint256 private constant MISSES_A_STAKE = 4;

    address public immutable IMPLEMENTATION;
    ITreasury public immutable TREASURY;
    /// @notice No phase that members must act in may be shorter: what this chain and its network need.
    uint256 public immutable MIN_PHASE_SECONDS;
    /// @notice In an open network, where seats are drawn among strangers, 21 seats or everybody.
    uint256 public immutable MIN_COMMITTEE_SIZE;
    /// @notice In an open network 1: nobody can check how many examples another has.
    uint256 public immutable MAX_WEIGHT_CAP;

    /// @inheritdoc IJobFactory
    mapping(address job => bool) public isJob;

    constructor(
        address implementation,
        ITreasury treasury,
        uint256 minPhaseSeconds,
        uint256 minCommitteeSize,
        uint256 maxWeightCap
    ) {
        _within("minCommitteeSize", minCommitteeSize, MIN_MEMBERS, MAX_COMMITTEE);
        _within("maxWeightCap", maxWeightCap, 1, LARGEST_WEIGHT_CAP);
        IMPLEMENTATION = implementation;
        TREASURY = treasury;
        MIN_PHASE_SECONDS = minPhaseSeconds;
        MIN_COMMITTEE_SIZE = minCommitteeSize;
        MAX_WEIGHT_CAP = maxWeightCap;
    }

    /// @inheritdoc IJobFactory
    function createJob(JobTerms memory terms, uint96 pool, bytes32 salt) public virtual returns (IJob job) {
        _checkTerms(terms, pool);
        bytes memory code = TermsCode.pack(terms, msg.sender);
        job = IJob(Clones.cloneDeterministicWithImmutableArgs(IMPLEMENTATION, code, _saltOf(msg.sender, salt)));
        isJob[address(job)] = true;
        emit JobCreated(address(job), msg.sender, terms.specHash, pool);
        job.initialize();
        TREASURY.openJob(address(job), msg.sender, terms.token, terms.stakeToken, pool);
    }

    /// @inheritdoc IJobFactory
    function predictJob(JobTerms calldata terms, address sponsor, bytes32 salt) external view returns (address) {
        bytes memory code = TermsCode.pack(terms, sponsor);
        return Clones.predictDeterministicAddressWithImmutableArgs(IMPLEMENTATION, code, _saltOf(sponsor, salt));
    }

    /// @dev The hard caps. A factory that bounds more adds to it.
    function _checkTerms(JobTerms memory terms, uint256 pool) internal view virtual {
        _checkRound(terms);
        _checkTimes(terms);
        _checkMoney(terms, pool);
    }

    function _checkRound(JobTerms memory terms) private view {
        _within("rounds", terms.rounds, 1, MAX_ROUNDS);
        _within("vectorLength", terms.vectorLength, 1, MAX_VECTOR_LENGTH);
        _within("cohortSize", terms.cohortSize, MIN_MEMBERS, MAX_COHORT);
        _within("committeeSize", terms.committeeSize, MIN_COMMITTEE_SIZE, MAX_COMMITTEE);
        _within("startMembers", terms.startMembers, MIN_MEMBERS, type(uint16).max);
        _within("minCommits", terms.minCommits, MIN_MEMBERS, terms.cohortSize);
        uint256 fairCap = MAX_WEIGHT_SUM / terms.cohortSize;
        _within("weightCap", terms.weightCap, 1, fairCap < MAX_WEIGHT_CAP ? fairCap : MAX_WEIGHT_CAP);
        _within("rule", terms.rule, 0, LAST_RULE);
        _within("trimPermille", terms.trimPermille, 0, terms.rule == TRIMMED_MEAN ? MAX_TRIM_PERMILLE : 0);
        _withinSigned("minExponent", terms.minExponent, -MAX_EXPONENT, MAX_EXPONENT);
        _withinSigned("maxExponent", terms.maxExponent, terms.minExponent, MAX_EXPONENT);
        _withinSigned("initialExponent", terms.initialExponent, terms.minExponent, terms.maxExponent);
    }

    function _checkTimes(JobTerms memory terms) private view {
        uint256 least = MIN_PHASE_SECONDS;
        _within("joinSeconds", terms.joinSeconds, 1, MAX_PHASE_SECONDS);
        _within("commitSeconds", terms.commitSeconds, least, MAX_PHASE_SECONDS);
        _within("shareSeconds", terms.shareSeconds, least, MAX_PHASE_SECONDS);
        _within("slotSeconds", terms.slotSeconds, least, MAX_PHASE_SECONDS);
        _within("demandSeconds", terms.demandSeconds, least, MAX_PHASE_SECONDS);
        _within("challengeSeconds", terms.challengeSeconds, terms.demandSeconds, MAX_PHASE_SECONDS);
        _within("scoreSeconds", terms.scoreSeconds, least, MAX_PHASE_SECONDS);
        // Who leaves when commits close may hold a seat in what is left of the round, in which every slot's proposal can fall.
        uint256 turn = uint256(terms.slotSeconds) + terms.challengeSeconds;
        uint256 rest = terms.shareSeconds + terms.committeeSize * turn + terms.scoreSeconds;
        _within("unbondSeconds", terms.unbondSeconds, rest, rest + MAX_EXTRA_UNBOND);
        _within("phaseBlocks", terms.phaseBlocks, 0, MAX_PHASE_BLOCKS);
    }

    function _checkMoney(JobTerms memory terms, uint256 pool) private pure {
        _within("token", uint160(address(terms.token)), 1, type(uint160).max);
        _within("stakeToken", uint160(address(terms.stakeToken)), 1, type(uint160).max);
        _within("pool", pool, 1, type(uint96).max);
        // A draw by stake needs a unit to count in.
        _within("stake", terms.stake, terms.stakeWeighted ? 1 : 0, type(uint96).max);
        _within("faultSlash", terms.faultSlash, 0, terms.stake);
        _within("missSlash", terms.missSlash, 0, terms.stake / MISSES_A_STAKE);
        _within("proofReward", terms.proofReward, 0, terms.faultSlash / 2);
        uint256 bps = uint256(terms.contributorsBps) + terms.aggregatorBps + terms.committeeBps + terms.keepersBps;
        _within("contributorsBps+aggregatorBps+committeeBps+keepersBps", bps, ALL_BPS, ALL_BPS);
    }

    function _saltOf(address sponsor, bytes32 salt) private pure returns (bytes32) {
        return keccak256(abi.encode(sponsor, salt));
    }

    function _within(string memory name, uint256 value, uint256 min, uint256 max) internal pure {
        if (value < min || value > max) revert BadTerm(name, value, min, max);
    }

    function _withinSigned(string memory name, int256 value, int256 min, int256 max) private pure {
        if (value < min || value > max) revert BadTerm(name, uint256(value), uint256(min), uint256(max));
    }
}

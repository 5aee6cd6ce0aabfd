// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IJob, JobTerms} from "./interfaces/IJob.sol";
import {IJobFactory} from "./interfaces/IJobFactory.sol";
import {ITreasury} from "./interfaces/ITreasury.sol";

/// @title The factory of jobs. See IJobFactory.
contract JobFactory is IJobFactory {
    uint256 private constant MIN_MEMBERS = 3;
    uint256 private constant MAX_COHORT = 64;
    uint256 private constant MAX_COMMITTEE = 32;
    uint256 private constant MAX_ROUNDS = 100_000;
    uint256 private constant MAX_PHASE_SECONDS = 7 days;
    uint256 private constant MAX_PHASE_BLOCKS = 10_000;
    uint256 private constant MAX_VECTOR_LENGTH = 2 ** 30;
    uint256 private constant MAX_WEIGHT_CAP = 2 ** 24 - 1;
    /// @dev So that 512 times the weighted sum stays below 2^53, where the peers' numbers are exact.
    uint256 private constant MAX_WEIGHT_SUM = 2 ** 29;
    int256 private constant MAX_EXPONENT = 30;
    uint256 private constant ALL_BPS = 10_000;

    address public immutable IMPLEMENTATION;
    ITreasury public immutable TREASURY;

    /// @inheritdoc IJobFactory
    mapping(address job => bool) public isJob;

    constructor(address implementation, ITreasury treasury) {
        IMPLEMENTATION = implementation;
        TREASURY = treasury;
    }

    /// @inheritdoc IJobFactory
    function createJob(JobTerms calldata terms, uint256 pool) external returns (IJob job) {
        _checkRound(terms);
        _checkTimes(terms);
        _checkMoney(terms, pool);
        job = IJob(Clones.cloneWithImmutableArgs(IMPLEMENTATION, abi.encode(terms)));
        isJob[address(job)] = true;
        emit JobCreated(address(job), msg.sender, terms.specHash, pool);
        job.initialize(msg.sender);
        TREASURY.openJob(address(job), msg.sender, terms.token, terms.stakeToken, pool);
    }

    function _checkRound(JobTerms calldata terms) private pure {
        _within("rounds", terms.rounds, 1, MAX_ROUNDS);
        _within("vectorLength", terms.vectorLength, 1, MAX_VECTOR_LENGTH);
        _within("cohortSize", terms.cohortSize, MIN_MEMBERS, MAX_COHORT);
        _within("committeeSize", terms.committeeSize, MIN_MEMBERS, MAX_COMMITTEE);
        _within("startMembers", terms.startMembers, MIN_MEMBERS, type(uint16).max);
        _within("minCommits", terms.minCommits, MIN_MEMBERS, terms.cohortSize);
        uint256 fairCap = MAX_WEIGHT_SUM / terms.cohortSize;
        _within("weightCap", terms.weightCap, 1, fairCap < MAX_WEIGHT_CAP ? fairCap : MAX_WEIGHT_CAP);
        _within("rule", terms.rule, 0, 0);
        _withinSigned("minExponent", terms.minExponent, -MAX_EXPONENT, MAX_EXPONENT);
        _withinSigned("maxExponent", terms.maxExponent, terms.minExponent, MAX_EXPONENT);
        _withinSigned("initialExponent", terms.initialExponent, terms.minExponent, terms.maxExponent);
    }

    function _checkTimes(JobTerms calldata terms) private pure {
        _within("joinSeconds", terms.joinSeconds, 1, MAX_PHASE_SECONDS);
        _within("commitSeconds", terms.commitSeconds, 1, MAX_PHASE_SECONDS);
        _within("shareSeconds", terms.shareSeconds, 1, MAX_PHASE_SECONDS);
        _within("slotSeconds", terms.slotSeconds, 1, MAX_PHASE_SECONDS);
        _within("attestSeconds", terms.attestSeconds, 1, MAX_PHASE_SECONDS);
        _within("challengeSeconds", terms.challengeSeconds, 1, MAX_PHASE_SECONDS);
        _within("scoreSeconds", terms.scoreSeconds, 1, MAX_PHASE_SECONDS);
        // Who leaves when commits close may hold a seat in what is left of the round, in which every slot's proposal can fall.
        uint256 turn = uint256(terms.slotSeconds) + terms.challengeSeconds;
        uint256 rest = terms.shareSeconds + terms.committeeSize * turn + terms.scoreSeconds;
        _within("unbondSeconds", terms.unbondSeconds, rest, type(uint32).max);
        _within("phaseBlocks", terms.phaseBlocks, 0, MAX_PHASE_BLOCKS);
    }

    function _checkMoney(JobTerms calldata terms, uint256 pool) private pure {
        _within("token", uint160(address(terms.token)), 1, type(uint160).max);
        _within("stakeToken", uint160(address(terms.stakeToken)), 1, type(uint160).max);
        _within("pool", pool, 1, type(uint128).max);
        _within("faultSlash", terms.faultSlash, 0, terms.stake);
        _within("missSlash", terms.missSlash, 0, terms.stake);
        _within("proofReward", terms.proofReward, 0, terms.faultSlash / 2);
        uint256 bps = uint256(terms.contributorsBps) + terms.aggregatorBps + terms.committeeBps + terms.keepersBps;
        _within("contributorsBps+aggregatorBps+committeeBps+keepersBps", bps, ALL_BPS, ALL_BPS);
    }

    function _within(string memory name, uint256 value, uint256 min, uint256 max) private pure {
        if (value < min || value > max) revert BadTerm(name, value, min, max);
    }

    /// @dev Negative numbers appear in the error as two's complement.
    function _withinSigned(string memory name, int256 value, int256 min, int256 max) private pure {
        if (value < min || value > max) revert BadTerm(name, uint256(value), uint256(min), uint256(max));
    }
}

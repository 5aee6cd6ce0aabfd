// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Aggregation} from "../libraries/Aggregation.sol";
import {FixedPoint} from "../libraries/FixedPoint.sol";
import {MerkleSha256} from "../libraries/MerkleSha256.sol";
import {RoundPhase} from "../libraries/RoundPhase.sol";
import {Scores} from "../libraries/Scores.sol";
import {Sortition} from "../libraries/Sortition.sol";
import {SignedStructs} from "../job/SignedStructs.sol";

/// @title The libraries' functions, callable by tests.
contract LibraryHarness {
    function mean(
        uint256[] calldata exampleCounts,
        uint256 weightCap,
        int256[] calldata values
    ) external pure returns (uint256[] memory weights, int256 weightedSum, int256 result) {
        uint256 bound = FixedPoint.weightBound(exampleCounts, weightCap);
        weights = new uint256[](values.length);
        uint256 weightSum;
        for (uint256 i; i < values.length; ++i) {
            weights[i] = FixedPoint.weightOf(exampleCounts[i], bound);
            weightSum += weights[i];
            weightedSum += int256(weights[i]) * values[i];
        }
        result = FixedPoint.meanOf(weightedSum, weightSum);
    }

    function meanOf(int256 weightedSum, uint256 weightSum) external pure returns (int256) {
        return FixedPoint.meanOf(weightedSum, weightSum);
    }

    function lowerMedian(uint256[] calldata values) external pure returns (uint256) {
        return FixedPoint.lowerMedian(values);
    }

    function sort(uint256[] memory values) external pure returns (uint256[] memory) {
        FixedPoint.sort(values);
        return values;
    }

    function coordinateOf(
        uint256 rule,
        uint256 trimPermille,
        int256[] calldata values,
        uint256[] calldata weights
    ) external pure returns (int256) {
        return Aggregation.coordinateOf(rule, trimPermille, values, weights);
    }

    function depthOf(uint256 length) external pure returns (uint256) {
        return MerkleSha256.depthOf(length);
    }

    function rootOf(bytes calldata leaf, bytes32[] calldata siblings, uint256 index) external view returns (bytes32) {
        return MerkleSha256.rootOf(leaf, siblings, index);
    }

    function firstSeed(address job, bytes32 genesisHash) external view returns (bytes32) {
        return Sortition.firstSeed(job, genesisHash);
    }

    function nextSeed(
        bytes32 seed,
        uint256[] calldata memberIds,
        bytes32[] calldata salts,
        bytes32 entropy
    ) external pure returns (bytes32) {
        uint256 sum;
        for (uint256 i; i < salts.length; ++i) {
            unchecked {
                sum += Sortition.saltShare(memberIds[i], salts[i]);
            }
        }
        unchecked {
            return Sortition.nextSeed(seed, sum + Sortition.entropyShare(entropy));
        }
    }

    function roundScores(
        uint256[] calldata medians,
        uint256[] calldata trailing
    ) external pure returns (uint256[] memory) {
        return Scores.roundScores(medians, trailing);
    }

    function medianOf(uint256[] calldata given) external pure returns (uint256) {
        return Scores.medianOf(given);
    }

    /// @param vectors by voter, packed: sixteen scores a word
    /// @param count of the updates that were scored
    function mediansOf(
        uint256[][] calldata vectors,
        uint256[] calldata owns,
        uint256 count
    ) external pure returns (uint256[] memory medians) {
        medians = new uint256[](count);
        uint256[] memory words = new uint256[](vectors.length);
        for (uint256 first; first < count; first += Scores.LANES) {
            for (uint256 v; v < vectors.length; ++v) words[v] = vectors[v][first / Scores.LANES];
            Scores.mediansOf(words, owns, first, medians);
        }
    }

    function nextTrailing(uint256 trailing, uint256 median) external pure returns (uint256) {
        return Scores.nextTrailing(trailing, median);
    }

    function splitByScore(uint256 amount, uint256[] calldata scores) external pure returns (uint256[] memory) {
        return Scores.splitByScore(amount, scores);
    }

    function popCount(uint256 mask) external pure returns (uint256) {
        return RoundPhase.popCount(mask);
    }

    function quorumOf(uint256 judges) external pure returns (uint256) {
        return RoundPhase.quorumOf(judges);
    }

    function commitDigest(
        bytes32 domain,
        uint256 round,
        bytes32 seed,
        bytes32 commitment
    ) external pure returns (bytes32) {
        return SignedStructs.commitOf(domain, round, seed, commitment);
    }

    function bitmapDigest(
        bytes32 domain,
        uint256 round,
        bytes32 seed,
        uint256 seat,
        uint256 bits
    ) external pure returns (bytes32) {
        return SignedStructs.bitmap(domain, round, seed, seat, bits);
    }

    function attestationDigest(
        bytes32 domain,
        uint256 round,
        bytes32 seed,
        uint256 slot,
        bytes32 includeHash,
        bytes32 aggregateRoot
    ) external pure returns (bytes32) {
        return SignedStructs.attestation(domain, round, seed, slot, includeHash, aggregateRoot);
    }

    function scoreCommitDigest(
        bytes32 domain,
        uint256 round,
        bytes32 seed,
        bytes32 includeHash,
        bytes32 commitment
    ) external pure returns (bytes32) {
        return SignedStructs.scoreCommit(domain, round, seed, includeHash, commitment);
    }

    function isSignedBy(bytes32 digest, bytes32 r, bytes32 vs, address signer) external pure returns (bool) {
        return SignedStructs.isSignedBy(digest, r, vs, signer);
    }

    function signerOf(bytes32 digest, bytes32 r, bytes32 vs) external pure returns (address) {
        return SignedStructs.signerOf(digest, r, vs);
    }
}

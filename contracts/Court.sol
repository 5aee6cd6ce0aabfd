// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Demands} from "./court/Demands.sol";
import {ICourt, SignedRoot, Statement} from "./interfaces/ICourt.sol";
import {IJob} from "./interfaces/IJob.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {SignedStructs} from "./job/SignedStructs.sol";

/// @title The court: proofs of fault. See ICourt.
contract Court is Demands {
    using SignedStructs for bytes32;

    constructor(IRegistry registry) Demands(registry) {}

    /// @inheritdoc ICourt
    /// @dev Only the member's operator of today can be held to what it signed: a key that was stolen and rotated away must
    /// not cost its wallet a stake later.
    function proveEquivocation(
        IJob job,
        Statement calldata statement,
        SignedRoot calldata first,
        SignedRoot calldata second
    ) external {
        if (first.aggregateRoot == second.aggregateRoot) revert SameRoot(first.aggregateRoot);
        address signer = _signerOf(job, statement, first);
        address other = _signerOf(job, statement, second);
        if (signer == address(0)) revert BadSignature();
        if (signer != other) revert DifferentSigners(signer, other);
        uint256 idPlusOne = job.memberIdPlusOne(REGISTRY.walletOf(signer));
        if (idPlusOne == 0 || job.members(idPlusOne - 1, idPlusOne)[0].operator != signer) {
            revert SignerIsNoMember(signer);
        }
        job.faultMember(uint16(idPlusOne - 1), msg.sender);
    }

    function _signerOf(
        IJob job,
        Statement calldata statement,
        SignedRoot calldata given
    ) private view returns (address) {
        bytes32 digest = SignedStructs.domainOf(address(job)).attestation(
            statement.round,
            statement.seed,
            statement.slot,
            statement.includeHash,
            given.aggregateRoot
        );
        return digest.signerOf(given.r, given.vs);
    }
}

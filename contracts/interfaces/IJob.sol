// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJobDesk} from "./IJobDesk.sol";
import {IJobRounds} from "./IJobRounds.sol";

/// @title One federated training job: its members and its rounds.
/// @dev Its code is in two contracts, for one would be larger than the 24,576 bytes of EIP-170: a clone delegates to Job, which
/// delegates what it does not know to JobDesk.
// solhint-disable-next-line no-empty-blocks
interface IJob is IJobRounds, IJobDesk {}

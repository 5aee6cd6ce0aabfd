// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Handler} from "./federation/Handler.sol";
import {InvariantTest} from "./helpers/InvariantTest.sol";
import {Test} from "./helpers/Test.sol";

/// @dev The runner calls only contracts of test files.
contract JobHandler is Handler {
    /// @notice What the runner calls. What is named twice is called twice as often.
    function acts() external pure returns (bytes4[] memory list) {
        list = new bytes4[](19);
        for (uint256 i; i < 9; ++i) list[i] = this.play.selector;
        list[9] = list[10] = this.disturb.selector;
        list[11] = list[12] = this.enter.selector;
        list[13] = list[14] = this.accuse.selector;
        list[15] = list[16] = this.collect.selector;
        (list[17], list[18]) = (this.wait.selector, this.stall.selector);
    }
}

/// @dev Ten people, two tokens and up to five jobs of any terms, at random: honest and dishonest postings, comings and goings,
/// proofs, demands and claims. The handler books what it is told, and asserts after each act that the job did what it may do,
/// and that nobody's balance fell but by its own act, by a proof or by a missed duty.
contract JobInvariantsTest is InvariantTest {
    JobHandler private handler;

    function setUp() external {
        handler = new JobHandler();
        targetContract(address(handler));
        targetSelectors(address(handler), handler.acts());
    }

    function invariant_reservesAreStakesPoolsCreditsAndBurnedAsBooked() external view {
        handler.checkReserves();
        handler.checkLastJob();
    }

    /// @dev Then time and `advance()` alone end every job, and everybody gets what is its own, to the wei.
    function afterInvariant() external {
        handler.checkAccounts();
        handler.end();
        handler.checkAccounts();
    }
}

/// @dev A campaign that reached nothing would show nothing.
contract JobCampaignTest is Test {
    uint256 private constant RUNS = 40;
    uint256 private constant DEPTH = 128;

    mapping(string what => uint256) private reached;

    function test_aCampaignReachesEveryEdgeOfARound() external {
        string[45] memory edges = _edges();
        for (uint256 run; run < RUNS; ++run) {
            JobHandler handler = new JobHandler();
            for (uint256 i; i < DEPTH; ++i) _act(handler, uint256(keccak256(abi.encode(run, i))));
            for (uint256 k; k < edges.length; ++k) reached[edges[k]] += handler.reached(edges[k]);
        }
        for (uint256 k; k < edges.length; ++k) {
            assertLt(uint256(0), reached[edges[k]], string.concat("not reached: ", edges[k]));
        }
    }

    function _act(JobHandler handler, uint256 seed) private {
        bytes4[] memory acts = handler.acts();
        (bool done, bytes memory reason) = address(handler).call(
            abi.encodeWithSelector(acts[seed % acts.length], seed)
        );
        if (done) return;
        assembly ("memory-safe") {
            revert(add(reason, 0x20), mload(reason))
        }
    }

    function _edges() private pure returns (string[45] memory) {
        return
            [
                "joined",
                "left",
                "stake added",
                "stake withdrawn",
                "unbonded",
                "resumed",
                "operator refreshed",
                "entered Draw",
                "entered Commit",
                "entered Share",
                "entered Propose",
                "entered Challenge",
                "entered Score",
                "entered Finished",
                "entered Failed",
                "commit alone",
                "proposed right",
                "proposed wrong",
                "skipped in Commit",
                "skipped in Share",
                "skipped in Propose",
                "skipped in Challenge",
                "missed in Share",
                "missed in Propose",
                "missed in Challenge",
                "missed in Score",
                "abstained",
                "scored",
                "round settled",
                "round settled without pay",
                "wrong round settled",
                "settled round proven wrong",
                "wrong leaf proven",
                "wrong leaf not proven",
                "equivocation proven",
                "fault proven",
                "credit forfeited",
                "demanded",
                "demand answered",
                "demand overdue",
                "update withheld",
                "bond released",
                "pay claimed",
                "credit claimed",
                "advanced"
            ];
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {JobTerms} from "../../contracts/interfaces/JobTypes.sol";
import {TermsCode} from "../../contracts/libraries/TermsCode.sol";
import {Test} from "./helpers/Test.sol";

contract TermsCodeTest is Test {
    function testFuzz_termsAreUnpackedAsTheyWerePacked(JobTerms calldata terms, address sponsor) external pure {
        bytes memory code = TermsCode.pack(terms, sponsor);
        assertEq(code.length, TermsCode.BYTES, "another length");
        uint256[8] memory words;
        for (uint256 i; i < 8; ++i) {
            assembly ("memory-safe") {
                mstore(add(words, shl(5, i)), mload(add(add(code, 0x20), shl(5, i))))
            }
        }
        bytes32 unpacked = keccak256(abi.encode(TermsCode.unpack(words)));
        assertEq(unpacked, keccak256(abi.encode(terms)), "a term was lost or changed");
        assertEq(address(uint160(words[TermsCode.SPONSOR_WORD] >> 96)), sponsor, "another sponsor");
        assertEq(bytes32(words[TermsCode.GENESIS_WORD]), terms.genesisHash, "another genesis");
        assertEq(uint32(words[TermsCode.WEIGHT_CAP_WORD]), terms.weightCap, "another weight cap");
    }
}

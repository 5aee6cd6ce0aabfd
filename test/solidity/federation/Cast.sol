// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ICourt} from "../../../contracts/interfaces/ICourt.sol";
import {IJobFactory} from "../../../contracts/interfaces/IJobFactory.sol";
import {IRegistry} from "../../../contracts/interfaces/IRegistry.sol";
import {ITreasury} from "../../../contracts/interfaces/ITreasury.sol";
import {Test} from "../helpers/Test.sol";

/// @dev Everything deployed, two tokens, and people who hold both and can sign.
abstract contract Cast is Test {
    uint256 internal constant PEOPLE = 10;
    uint256 internal constant MONEY = 2 ** 100;
    uint256 internal constant ETHER = 2 ** 80;

    IRegistry public registry;
    ITreasury public treasury;
    ICourt public court;
    IJobFactory public factory;
    IERC20 internal coin;
    IERC20 internal otherCoin;
    /// @dev Opens the jobs.
    address internal sponsor = _addressOf("sponsor");
    /// @dev In no job, and registered nowhere.
    address internal outsider = _addressOf("outsider");

    /// @dev The people's wallets, then the sponsor and the outsider.
    address[] internal accounts;
    /// @dev Of an account itself, and of its payout address.
    mapping(address payout => address account) internal ownerOf;
    mapping(address operator => uint256 key) internal keyOf;
    mapping(address wallet => uint256) private keysMade;

    constructor() {
        registry = IRegistry(deploy("contracts/Registry.sol:Registry", ""));
        treasury = ITreasury(deploy("contracts/Treasury.sol:Treasury", abi.encode(registry)));
        court = ICourt(deploy("contracts/Court.sol:Court", abi.encode(registry)));
        address desk = deploy("contracts/JobDesk.sol:JobDesk", abi.encode(registry, treasury, court));
        address job = deploy("contracts/Job.sol:Job", abi.encode(registry, treasury, court, desk));
        factory = IJobFactory(
            deploy("contracts/JobFactory.sol:JobFactory", abi.encode(job, treasury, 1, 3, 2 ** 24 - 1))
        );
        treasury.bind(address(factory));
        coin = IERC20(deploy("contracts/PaceToken.sol:PaceToken", abi.encode(address(this), 100 * MONEY)));
        otherCoin = IERC20(deploy("contracts/PaceToken.sol:PaceToken", abi.encode(address(this), 100 * MONEY)));
        for (uint256 i; i < PEOPLE; ++i) _introduce(_addressOf(string.concat("wallet ", string(abi.encode(i)))));
        _introduce(sponsor);
        _introduce(outsider);
        // Some come late.
        for (uint256 i; i < PEOPLE - 2; ++i) _register(accounts[i]);
    }

    /// @return where the account's pay goes once it has named a payout address
    function _payoutOf(address account_) internal pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode("payout", account_)))));
    }

    /// @dev A new operator of the wallet, and its consent
    function _newOperator(address wallet) internal returns (address operator, bytes memory consent) {
        uint256 key = uint256(keccak256(abi.encode("operator", wallet, keysMade[wallet]++)));
        operator = vm.addr(key);
        keyOf[operator] = key;
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Paceline Registry"),
                keccak256("1"),
                block.chainid,
                registry
            )
        );
        bytes32 kind = keccak256("Registration(address wallet,address operator,uint256 nonce)");
        bytes32 structHash = keccak256(abi.encode(kind, wallet, operator, registry.nonces(wallet)));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, keccak256(abi.encodePacked(hex"1901", domain, structHash)));
        consent = abi.encodePacked(r, s, v);
    }

    function _register(address wallet) internal {
        (address operator, bytes memory consent) = _newOperator(wallet);
        vm.prank(wallet);
        registry.register(operator, consent);
    }

    /// @dev A compact signature; of nobody where the operator is
    function _sign(address operator, bytes32 digest) internal view returns (bytes32 r, bytes32 vs) {
        uint256 key = keyOf[operator];
        if (key != 0) (r, vs) = vm.signCompact(key, digest);
    }

    function _introduce(address newcomer) private {
        accounts.push(newcomer);
        (ownerOf[newcomer], ownerOf[_payoutOf(newcomer)]) = (newcomer, newcomer);
        vm.deal(newcomer, ETHER);
        _endow(coin, newcomer);
        _endow(otherCoin, newcomer);
    }

    function _endow(IERC20 token, address newcomer) private {
        require(token.transfer(newcomer, MONEY), "no money");
        vm.prank(newcomer);
        token.approve(address(treasury), type(uint256).max);
    }

    function _addressOf(string memory name) private returns (address made) {
        (made, ) = account(name);
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";

/// @title Wallets and their operators. See IRegistry.
contract Registry is IRegistry, EIP712("Paceline Registry", "1"), Nonces {
    uint256 public constant MAX_CONTACT_BYTES = 512;
    bytes32 private constant REGISTRATION_TYPE = keccak256(
        "Registration(address wallet,address operator,uint256 nonce)"
    );

    /// @inheritdoc IRegistry
    mapping(address wallet => address) public operatorOf;
    /// @inheritdoc IRegistry
    mapping(address operator => address) public walletOf;
    /// @inheritdoc IRegistry
    mapping(address operator => string) public contactOf;
    mapping(address wallet => address) private payouts; // zero for the wallet itself

    /// @inheritdoc IRegistry
    function register(address operator, bytes calldata consent) public virtual {
        if (operatorOf[msg.sender] != address(0)) {
            revert WalletAlreadyRegistered(msg.sender, operatorOf[msg.sender]);
        }
        _bind(operator, consent);
        emit Registered(msg.sender, operator);
    }

    /// @inheritdoc IRegistry
    function rotate(address newOperator, bytes calldata consent) external {
        address retired = _retire();
        _bind(newOperator, consent);
        emit OperatorRotated(msg.sender, retired, newOperator);
    }

    /// @inheritdoc IRegistry
    function exit() external {
        address retired = _retire();
        emit Exited(msg.sender, retired);
    }

    /// @inheritdoc IRegistry
    function setPayout(address payout) external {
        payouts[msg.sender] = payout;
        emit PayoutSet(msg.sender, payout);
    }

    /// @inheritdoc IRegistry
    function setContact(string calldata contact) external {
        if (!isServing(msg.sender)) revert NotAnOperator(msg.sender);
        uint256 length = bytes(contact).length;
        if (length > MAX_CONTACT_BYTES) revert ContactTooLong(length, MAX_CONTACT_BYTES);
        contactOf[msg.sender] = contact;
        emit ContactSet(msg.sender, contact);
    }

    /// @inheritdoc IRegistry
    function mayJoin(address wallet) public view virtual returns (bool) {
        return operatorOf[wallet] != address(0);
    }

    /// @inheritdoc IRegistry
    function isServing(address operator) public view returns (bool) {
        address wallet = walletOf[operator];
        return wallet != address(0) && operatorOf[wallet] == operator;
    }

    /// @inheritdoc IRegistry
    function payoutOf(address wallet) external view returns (address) {
        address payout = payouts[wallet];
        return payout == address(0) ? wallet : payout;
    }

    /// @inheritdoc IRegistry
    function nonces(address wallet) public view override(IRegistry, Nonces) returns (uint256) {
        return super.nonces(wallet);
    }

    /// @dev `walletOf` is written once an operator and never cleared, so that what an operator signed can be held against
    /// its wallet for ever, and a used key can't come back.
    function _bind(address operator, bytes calldata consent) private {
        if (walletOf[operator] != address(0)) revert OperatorAlreadyUsed(operator, walletOf[operator]);
        bytes32 structHash = keccak256(abi.encode(REGISTRATION_TYPE, msg.sender, operator, _useNonce(msg.sender)));
        (address recovered, , ) = ECDSA.tryRecoverCalldata(_hashTypedDataV4(structHash), consent);
        if (recovered == address(0) || recovered != operator) revert BadOperatorConsent(operator, recovered);
        operatorOf[msg.sender] = operator;
        walletOf[operator] = msg.sender;
    }

    function _retire() private returns (address retired) {
        retired = operatorOf[msg.sender];
        if (retired == address(0)) revert WalletNotRegistered(msg.sender);
        delete operatorOf[msg.sender];
        delete contactOf[retired];
    }
}

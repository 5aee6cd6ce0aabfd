// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Weights by id, and draws by weight without replacement at a cost that is logarithmic in the number of ids.
/// @notice A tree in storage of words with eight fields of 32 bits. A word of level 0 holds the weights of eight ids, a
/// field of a higher level the sum of a word one level down. The tree gets another level when an id does not fit.
/// Bit for bit node/core/weightedDraw.ts, which does the same without a tree.
library SumTree {
    /// @dev `head` is levels | ids with a weight << 8 | sum of all weights << 32. The key of word `index` of a level is
    /// level << 16 | index; its field k is the lowest 32 bits shifted by 32 * k.
    struct Tree {
        uint256 head;
        mapping(uint256 key => uint256 word) words;
    }

    /// @dev A word as it stands after the draws so far, and the memory addresses of the nodes under its fields, 32 bits each
    /// and 0 where none was loaded yet.
    struct Node {
        uint256 word;
        uint256 children;
    }

    error IdOrWeightTooLarge(uint256 id, uint256 weight);
    error TooFewToDrawFrom(uint256 count, uint256 wanted);

    uint256 private constant FIELD = 0xffffffff;
    /// @dev Times a word, gives its running sums: field k becomes the sum of the fields 0 ... k.
    uint256 private constant ONES = 0x0000000100000001000000010000000100000001000000010000000100000001;
    uint256 private constant EVEN_FIELDS = 0x00000000ffffffff00000000ffffffff00000000ffffffff00000000ffffffff;
    uint256 private constant EVEN_ONES = 0x0000000000000001000000000000000100000000000000010000000000000001;

    /// @notice Gives an id its weight; 0 takes it out.
    /// @param id below 2^16
    /// @param weight below 2^16
    function set(Tree storage tree, uint256 id, uint256 weight) internal {
        unchecked {
            if ((id | weight) >> 16 != 0) revert IdOrWeightTooLarge(id, weight);
            uint256 before = weightOf(tree, id);
            if (weight == before) return;
            uint256 head = tree.head;
            uint256 levels = head & 0xff;
            // What there was becomes the first child of a new top.
            for (; levels == 0 || id >> (3 * levels) != 0; ++levels) tree.words[levels << 16] = head >> 32;
            uint256 more = weight - before; // modulo 2^256, as all sums of it
            for (uint256 level; level < levels; ++level) {
                uint256 key = (level << 16) | (id >> (3 * level + 3));
                tree.words[key] += more << (32 * ((id >> (3 * level)) & 7));
            }
            if (before == 0) head += 1 << 8;
            if (weight == 0) head -= 1 << 8;
            tree.head = (head & ~uint256(0xff)) + (more << 32) + levels;
        }
    }

    function weightOf(Tree storage tree, uint256 id) internal view returns (uint256) {
        return (tree.words[id >> 3] >> (32 * (id & 7))) & FIELD;
    }

    /// @return how many ids have a weight
    function countOf(Tree storage tree) internal view returns (uint256) {
        return (tree.head >> 8) & 0xffffff;
    }

    /// @return the sum of all weights
    function totalOf(Tree storage tree) internal view returns (uint256) {
        return tree.head >> 32;
    }

    /// @notice `count` ids, each drawn by weight from those that the draws before it left: draw i takes the id at which the
    /// running sum of their weights, by ascending id, first exceeds keccak256(seed, tag, i) mod their total.
    /// @param count at most as many as have a weight; the memory, and with it the cost, grows with it
    function draw(
        Tree storage tree,
        bytes32 seed,
        bytes32 tag,
        uint256 count
    ) internal view returns (uint256[] memory ids) {
        unchecked {
            uint256 head = tree.head;
            if (count > (head >> 8) & 0xffffff) revert TooFewToDrawFrom((head >> 8) & 0xffffff, count);
            ids = new uint256[](count);
            if (count == 0) return ids;
            uint256 level = (head & 0xff) - 1;
            uint256 total = head >> 32;
            Node memory top = Node(tree.words[level << 16], 0);
            for (uint256 i; i < count; ++i) {
                (uint256 id, uint256 weight) = _find(tree, top, level, _hash(seed, tag, i) % total);
                _take(top, level, id, weight);
                total -= weight;
                ids[i] = id;
            }
        }
    }

    /// @dev Goes down to the id at which the running sum of weights first exceeds `point`, loading words on the way.
    function _find(
        Tree storage tree,
        Node memory node,
        uint256 level,
        uint256 point
    ) private view returns (uint256 id, uint256 weight) {
        unchecked {
            while (true) {
                uint256 word = node.word;
                uint256 sums = word * ONES;
                uint256 shift = 32 * _countUpTo(sums, point);
                point -= ((sums << 32) >> shift) & FIELD;
                id = (id << 3) | (shift >> 5);
                if (level == 0) return (id, (word >> shift) & FIELD);
                --level;
                uint256 child = (node.children >> shift) & FIELD;
                if (child == 0) {
                    Node memory loaded = Node(tree.words[(level << 16) | id], 0);
                    assembly ("memory-safe") {
                        child := loaded
                    }
                    node.children |= child << shift;
                }
                assembly ("memory-safe") {
                    node := child
                }
            }
        }
    }

    /// @dev Takes a drawn id's weight off the words on the way to it.
    function _take(Node memory node, uint256 level, uint256 id, uint256 weight) private pure {
        unchecked {
            while (true) {
                uint256 shift = 32 * ((id >> (3 * level)) & 7);
                node.word -= weight << shift;
                if (level-- == 0) return;
                uint256 child = (node.children >> shift) & FIELD;
                assembly ("memory-safe") {
                    node := child
                }
            }
        }
    }

    /// @return how many of the eight running sums are at most `point`: those of even and of odd fields are compared side by
    /// side in 64 bits each, where bit 32 stays if `point` is not less
    function _countUpTo(uint256 sums, uint256 point) private pure returns (uint256) {
        unchecked {
            uint256 least = (point | (FIELD + 1)) * EVEN_ONES;
            uint256 marks = ((least - (sums & EVEN_FIELDS)) >> 32) & EVEN_ONES;
            marks += ((least - ((sums >> 32) & EVEN_FIELDS)) >> 32) & EVEN_ONES;
            return (marks * EVEN_ONES) >> 192;
        }
    }

    function _hash(bytes32 seed, bytes32 tag, uint256 index) private pure returns (uint256 hash) {
        assembly ("memory-safe") {
            let input := mload(0x40)
            mstore(input, seed)
            mstore(add(input, 0x20), tag)
            mstore(add(input, 0x40), index)
            hash := keccak256(input, 0x60)
        }
    }
}

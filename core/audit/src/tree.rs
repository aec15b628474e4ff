//! The Merkle tree of RFC 6962, section 2.1, kept as its right edge alone.

use aws_lc_rs::digest::{SHA256, digest};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// The hash of an entry: `SHA-256(0x00 ‖ entry)`.
pub fn leaf(entry: &[u8]) -> Hash {
    let mut bytes = Vec::with_capacity(entry.len() + 1);
    bytes.push(0);
    bytes.extend_from_slice(entry);
    sha256(&bytes)
}

/// The hash of two subtrees side by side: `SHA-256(0x01 ‖ left ‖ right)`. The two first bytes keep
/// a subtree from ever passing for an entry.
fn node(left: &Hash, right: &Hash) -> Hash {
    let mut bytes = [1; 65];
    bytes[1..33].copy_from_slice(left);
    bytes[33..].copy_from_slice(right);
    sha256(&bytes)
}

fn sha256(bytes: &[u8]) -> Hash {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

/// A tree of `size` leaves, of which only the roots of the complete subtrees are kept: one for each
/// one-bit of the size, the largest and leftmost first. An append costs one node hash on average
/// and `log2(size)` at most.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tree {
    size: u64,
    edge: Vec<Hash>,
}

impl Tree {
    /// Takes up a tree where [`Tree::edge`] left it; `None` when the edge is none of that size.
    pub fn resume(size: u64, edge: &[u8]) -> Option<Self> {
        let (hashes, rest) = edge.as_chunks::<32>();
        let fits = rest.is_empty() && hashes.len() == size.count_ones() as usize;
        fits.then(|| Self { size, edge: hashes.to_vec() })
    }

    /// How many leaves there are.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The right edge, to be kept: 32 bytes for each one-bit of the size, largest subtree first.
    pub fn edge(&self) -> Vec<u8> {
        self.edge.concat()
    }

    /// Appends the hash of an entry.
    pub fn push(&mut self, leaf: Hash) {
        self.join(leaf, 0);
    }

    /// Joins a complete subtree of `2^level` leaves on the right.
    fn join(&mut self, subtree: Hash, level: u32) {
        let mut hash = subtree;
        let mut above = self.size >> level;
        while above & 1 == 1
            && let Some(left) = self.edge.pop()
        {
            hash = node(&left, &hash);
            above >>= 1;
        }
        self.edge.push(hash);
        self.size += 1 << level;
    }

    /// The root; of an empty tree the hash of nothing, as RFC 6962 has it.
    pub fn root(&self) -> Hash {
        let mut from_the_right = self.edge.iter().rev();
        match from_the_right.next() {
            None => sha256(&[]),
            Some(last) => from_the_right.fold(*last, |right, left| node(left, &right)),
        }
    }

    /// The tree without its rightmost subtrees that together have fewer than `most` leaves: where
    /// to start from in order to check the latest leaves against the edge without reading all.
    #[must_use]
    pub fn stem(&self, most: u64) -> Self {
        let mask = most.checked_next_power_of_two().map_or(u64::MAX, |p| p - 1);
        let size = self.size & !mask;
        Self { size, edge: self.edge[..size.count_ones() as usize].to_vec() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition of RFC 6962, section 2.1, word for word.
    fn mth(leaves: &[Vec<u8>]) -> Hash {
        match leaves.len() {
            0 => sha256(&[]),
            1 => leaf(&leaves[0]),
            n => {
                let k = n.next_power_of_two() / 2;
                node(&mth(&leaves[..k]), &mth(&leaves[k..]))
            }
        }
    }

    fn grown(leaves: &[Vec<u8>]) -> Tree {
        leaves.iter().fold(Tree::default(), |mut tree, entry| {
            tree.push(leaf(entry));
            tree
        })
    }

    fn hex(hash: Hash) -> String {
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The vectors of the certificate transparency project's own reference tests.
    #[test]
    fn the_published_vectors_hold() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(hex(Tree::default().root()), empty);
        let one = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
        assert_eq!(hex(leaf(b"")), one);
        let inputs: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let all: Vec<_> = inputs.iter().map(|input| input.to_vec()).collect();
        let eight = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328";
        assert_eq!(hex(grown(&all).root()), eight);
    }

    proptest! {
        #[test]
        fn growing_gives_the_defined_root(
            leaves in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..8), 0..300),
        ) {
            prop_assert_eq!(grown(&leaves).root(), mth(&leaves));
        }

        #[test]
        fn a_tree_taken_up_again_goes_on_the_same(
            leaves in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..4), 1..300),
            cut in any::<prop::sample::Index>(),
        ) {
            let (first, rest) = leaves.split_at(cut.index(leaves.len()));
            let kept = grown(first);
            let mut tree = Tree::resume(kept.size(), &kept.edge()).expect("its own edge fits");
            rest.iter().for_each(|entry| tree.push(leaf(entry)));
            prop_assert_eq!(tree, grown(&leaves));
        }

        #[test]
        fn the_stem_and_the_latest_leaves_give_the_tree(
            leaves in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..4), 0..300),
            most in 0_u64..400,
        ) {
            let whole = grown(&leaves);
            let mut tree = whole.stem(most);
            let from = usize::try_from(tree.size()).expect("small");
            prop_assert!(leaves.len() - from < most.next_power_of_two().max(1) as usize);
            leaves[from..].iter().for_each(|entry| tree.push(leaf(entry)));
            prop_assert_eq!(tree, whole);
        }

        #[test]
        fn any_change_changes_the_root(
            leaves in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..8), 1..100),
            at in any::<prop::sample::Index>(),
            flip in 1_u8..,
        ) {
            let (root, at) = (grown(&leaves).root(), at.index(leaves.len()));
            let mut changed = leaves.clone();
            changed[at][0] ^= flip;
            prop_assert_ne!(grown(&changed).root(), root);
            let mut missing = leaves;
            missing.remove(at);
            prop_assert_ne!(grown(&missing).root(), root);
        }
    }

    #[test]
    fn an_edge_of_another_size_is_refused() {
        assert_eq!(Tree::resume(3, &[0; 32]), None);
        assert_eq!(Tree::resume(1, &[0; 33]), None);
        assert_eq!(Tree::resume(0, &[]), Some(Tree::default()));
    }
}

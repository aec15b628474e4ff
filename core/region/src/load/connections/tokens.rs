//! The hashes of the bearer tokens that an intake accepts.

use std::ops::Range;

use super::super::findings::{Place, Word};

/// The hashes, each with its place.
pub(super) fn read(words: &[Word], place: Place<'_>) -> Vec<([u8; 32], Range<usize>)> {
    words.iter().filter_map(|word| Some((hash(word, place)?, word.span()))).collect()
}

fn hash(word: &Word, place: Place<'_>) -> Option<[u8; 32]> {
    let hash = hex(word.get_ref());
    if hash.is_none() {
        // The text itself is not shown: somebody may have written the token where its hash belongs.
        place.error(
            "LU223",
            word.span(),
            "this is no SHA-256 in hexadecimal",
            "a token is kept as its hash only: 64 digits 0-9, a-f",
            "write the output of: printf %s \"$TOKEN\" | sha256sum",
        );
    }
    hash
}

fn hex(text: &str) -> Option<[u8; 32]> {
    let is_hex = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut hash = [0; 32];
    for (at, byte) in hash.iter_mut().enumerate().filter(|_| is_hex) {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    is_hex.then_some(hash)
}

//! Telling whether two things are the same without keeping either.

use sha2::{Digest, Sha256};

/// SHA-256 in hexadecimal digits. The parts are set apart, so that a text cannot move from one into the next unnoticed.
pub(super) fn hex_digest(parts: &[&[u8]]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    hex::encode(digest.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_one_part_ends_makes_a_difference() {
        assert_eq!(hex_digest(&[b"ab", b"c"]), hex_digest(&[b"ab", b"c"]));
        assert_ne!(hex_digest(&[b"ab", b"c"]), hex_digest(&[b"a", b"bc"]));
        assert_ne!(hex_digest(&[b"a", b""]), hex_digest(&[b"a"]));
    }
}

//! Which secrets are no secrets: those that stand in examples, and those that are one pattern over and over.

use secrecy::{ExposeSecret, SecretString};

use super::Profile;
use super::key::Key;
use super::problem::Findings;

/// What people leave in from an example.
const MARKS: [&str; 6] = ["change-me", "changeme", "change_me", "example", "placeholder", "password"];

/// Secrets that whole manuals have in common, among them the key of default.toml and OSCAR's shipped password.
const WELL_KNOWN: [&str; 7] = [
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
    "1f1e1d1c1b1a191817161514131211100f0e0d0c0b0a09080706050403020100",
    "mac2002",
    "oscar",
    "secret",
    "admin",
    "test",
];

/// Shorter ones can be guessed by whoever may try.
const LEAST: usize = 16;

/// Checks a secret that we may choose ourselves.
pub(super) fn check_ours(secret: &SecretString, key: &Key, profile: Profile, findings: &mut Findings) {
    const FIX: &str = "make one with: openssl rand -hex 32";
    let text = secret.expose_secret();
    if profile.is_production() && !text.is_empty() && text.chars().count() < LEAST {
        findings.refuse(key.clone(), format!("has fewer than {LEAST} characters"), FIX);
    } else {
        check(secret, key, profile, FIX, findings);
    }
}

pub(super) fn check(secret: &SecretString, key: &Key, profile: Profile, fix: &str, findings: &mut Findings) {
    let text = secret.expose_secret();
    if text.is_empty() {
        findings.refuse(key.clone(), "is empty", fix);
    } else if let (true, Some(weakness)) = (profile.is_production(), weakness(text)) {
        findings.refuse(key.clone(), weakness, fix);
    }
}

fn weakness(secret: &str) -> Option<&'static str> {
    let lower = secret.to_lowercase();
    if WELL_KNOWN.contains(&lower.as_str()) || MARKS.iter().any(|mark| lower.contains(mark)) {
        Some("is an example that everybody knows")
    } else if is_repeated(lower.as_bytes()) {
        Some("is one pattern over and over")
    } else {
        None
    }
}

/// Whether some beginning of at most half the length, repeated, makes up the whole.
fn is_repeated(bytes: &[u8]) -> bool {
    (1..=bytes.len() / 2).any(|period| bytes[period..] == bytes[..bytes.len() - period])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_and_patterns_are_weak_and_random_ones_are_not() {
        let zero = "0".repeat(64);
        for weak in ["Change-Me-please", "mac2002", &zero, "abcabcabca", "deadbeefdeadbeef"] {
            assert!(weakness(weak).is_some(), "{weak}");
        }
        for strong in ["4f9c1b7de2a80356", "0123456789", "correct horse battery staple", "x"] {
            assert_eq!(weakness(strong), None, "{strong}");
        }
    }
}

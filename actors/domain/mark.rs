//! The mark we leave at the head of an appointment's notes, by which a lost answer is settled (law B-5).
//!
//! Fixed length and opaque: it says nothing about the patient, it is found without parsing staff text, and it costs the
//! same 18 of the column's 255 characters every time.

use std::fmt;

use super::ids::EffectId;

const PREFIX: &str = "vr#";
const SYMBOLS: usize = 15;
/// Crockford's alphabet without the letters that are misread aloud.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Names one effect inside the EMR: `vr#` and 15 base-32 symbols, 75 bits of the effect's random id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark([u8; SYMBOLS]);

impl Mark {
    pub const LENGTH: usize = PREFIX.len() + SYMBOLS;

    pub fn of(effect: EffectId) -> Self {
        let mut bits = effect.0.as_u128();
        let mut symbols = [b'0'; SYMBOLS];
        for symbol in &mut symbols {
            *symbol = ALPHABET[usize::try_from(bits & 31).unwrap_or(0)];
            bits >>= 5;
        }
        Self(symbols)
    }

    /// The mark at the head of `notes`, if there is one.
    pub fn leading(notes: &str) -> Option<Self> {
        let symbols = notes.strip_prefix(PREFIX)?.as_bytes().get(..SYMBOLS)?;
        let symbols: [u8; SYMBOLS] = symbols.try_into().ok()?;
        symbols.iter().all(|symbol| ALPHABET.contains(symbol)).then_some(Self(symbols))
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::leading(text).filter(|_| text.len() == Self::LENGTH)
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PREFIX)?;
        self.0.iter().try_for_each(|symbol| write!(f, "{}", char::from(*symbol)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn notes_that_staff_wrote_carry_no_mark() {
        assert_eq!(Mark::leading("bring vr#0123456789ABCDE"), None);
        assert_eq!(Mark::leading("vr#short"), None);
        assert_eq!(Mark::leading("vr#0123456789abcde"), None, "lower case is not ours");
        assert_eq!(Mark::leading("vr#01234567中文"), None);
    }

    proptest! {
        #[test]
        fn a_mark_is_found_again_whatever_follows(id: u128, rest: String) {
            let mark = Mark::of(EffectId(Uuid::from_u128(id)));
            prop_assert_eq!(mark.to_string().len(), Mark::LENGTH);
            prop_assert_eq!(Mark::leading(&format!("{mark}{rest}")), Some(mark));
            prop_assert_eq!(Mark::parse(&mark.to_string()), Some(mark));
        }

        #[test]
        fn any_text_can_be_looked_at(text: String) {
            let _ = Mark::leading(&text);
        }
    }
}

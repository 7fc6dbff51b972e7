//! SQL's `LIKE` as the database's case-insensitive collation applies it, for OSCAR's patient searches.

pub(super) struct Like {
    parts: Vec<String>,
    from_start: bool,
    /// Digits and punctuation have no case: telephone patterns skip folding every row.
    has_case: bool,
}

impl Like {
    /// `term%`
    pub(super) fn prefix(term: &str) -> Self {
        Self::new(term, true)
    }

    /// `%term%`
    pub(super) fn substring(term: &str) -> Self {
        Self::new(term, false)
    }

    fn new(term: &str, from_start: bool) -> Self {
        let folded = term.to_lowercase();
        let has_case = folded != term.to_uppercase();
        Self { parts: folded.split('%').map(str::to_owned).collect(), from_start, has_case }
    }

    pub(super) fn matches(&self, value: &str) -> bool {
        if self.has_case { self.found_in(&value.to_lowercase()) } else { self.found_in(value) }
    }

    fn found_in(&self, value: &str) -> bool {
        let mut rest = value;
        for (position, part) in self.parts.iter().enumerate() {
            let behind = if position == 0 && self.from_start {
                rest.strip_prefix(part.as_str())
            } else {
                find(rest, part).and_then(|at| rest.get(at + part.len()..))
            };
            match behind {
                Some(behind) => rest = behind,
                None => return false,
            }
        }
        true
    }
}

/// The plainest search wins on values of a dozen characters; the standard one prepares itself first.
fn find(value: &str, part: &str) -> Option<usize> {
    let (value, part) = (value.as_bytes(), part.as_bytes());
    (0..=value.len().checked_sub(part.len())?).find(|&at| value[at..].starts_with(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_bridges_whatever_punctuation_a_clerk_typed() {
        let pattern = Like::substring("604%555%0142");
        for typed in ["604-555-0142", "6045550142", "(604) 555-0142", "1 604.555.0142 ext 3"] {
            assert!(pattern.matches(typed), "{typed}");
        }
        assert!(!pattern.matches("604-555-0143"));
        assert!(!pattern.matches("555-604-0142"));
    }

    #[test]
    fn a_prefix_is_anchored_and_ignores_case() {
        assert!(Like::prefix("tremb").matches("TREMBLAY"));
        assert!(Like::prefix("CÔT").matches("côté-bélanger"));
        assert!(!Like::prefix("blay").matches("TREMBLAY"));
        assert!(Like::prefix("").matches("anyone"));
        assert!(Like::prefix("%blay").matches("TREMBLAY"));
    }
}

//! Where a setting stands, as people read it: `http.listen`, `clinics.riverside.providers[0].name`.

use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Name(String),
    Item(usize),
}

impl Key {
    pub(super) const fn root() -> Self {
        Self(Vec::new())
    }

    pub(super) fn clinic(id: &str) -> Self {
        Self::root().child("clinics").child(id)
    }

    #[must_use]
    pub(super) fn child(&self, name: &str) -> Self {
        self.with(Step::Name(name.to_owned()))
    }

    #[must_use]
    pub(super) fn item(&self, index: usize) -> Self {
        self.with(Step::Item(index))
    }

    fn with(&self, step: Step) -> Self {
        Self(self.0.iter().cloned().chain([step]).collect())
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.0
    }

    fn names(&self) -> Vec<&str> {
        self.0
            .iter()
            .filter_map(|step| match step {
                Step::Name(name) => Some(name.as_str()),
                Step::Item(_) => None,
            })
            .collect()
    }

    /// Whether the value must never be shown. A deployment's addresses and logins are kept like secrets.
    pub(super) fn is_secret(&self) -> bool {
        matches!(
            self.names().as_slice(),
            ["store", "url" | "owner_url"]
                | ["crypto", _]
                | ["health", "operator_token"]
                | ["webhook", "credentials", "secrets"]
                | ["voice", "api_key"]
                | ["clinics", _, "emr", "url" | "username" | "password"]
                | ["clinics", _, "emr", "oauth", "consumer_key" | "consumer_secret" | "signed_as"]
                | ["clinics", _, "emr", "bridge", "url" | "api_key"]
                | ["clinics", _, "webhook", "secrets"]
        )
    }
}

impl From<&str> for Key {
    fn from(dotted: &str) -> Self {
        Self(dotted.split('.').map(|name| Step::Name(name.to_owned())).collect())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, step) in self.0.iter().enumerate() {
            match step {
                Step::Name(name) if place == 0 => f.write_str(name)?,
                Step::Name(name) => write!(f, ".{name}")?,
                Step::Item(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

//! Which generation of OSCAR a server pretends to be.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Profile {
    /// The last "stable" OSCAR of 2019, still the most widespread.
    #[default]
    #[serde(rename = "oscar-19")]
    Oscar19,
    /// Open-O, the maintained fork: newer web service stack, other security faults, cell phones.
    #[serde(rename = "open-o")]
    OpenO,
}

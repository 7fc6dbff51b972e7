//! Who may read the metrics.

use serde::Deserialize;

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricsSettings {
    /// Otherwise only who shows the operator token.
    pub public: bool,
}

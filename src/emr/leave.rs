//! The leave that a person of a clinic gave us to use its EMR by REST. It comes, ends and is given anew while the daemon
//! runs, so it is looked up, not handed over.

use std::sync::Arc;

use futures::future::BoxFuture;
use vitarad_actors::domain::ids::ClinicId;
use vitarad_actors::domain::time::Ts;
use vitarad_actors::ports::Clock;
use vitarad_actors::ports::store::StoreResult;

use crate::access::Credential;

/// A token as it is kept, and until when it is good.
pub struct KeptToken {
    pub token: Credential,
    /// `None` is for ever.
    pub expires_at: Option<Ts>,
}

/// Looks up a clinic's token.
pub type Tokens = Arc<dyn Fn(ClinicId) -> BoxFuture<'static, StoreResult<Option<KeptToken>>> + Send + Sync>;

/// One clinic's.
pub(super) struct Leave {
    pub(super) clinic: ClinicId,
    pub(super) tokens: Tokens,
    pub(super) clock: Arc<dyn Clock>,
}

impl Leave {
    /// What may be used now.
    pub(super) async fn token(&self) -> StoreResult<Option<Credential>> {
        let kept = (self.tokens)(self.clinic.clone()).await?;
        let now = self.clock.now();
        let is_good = |kept: &KeptToken| kept.expires_at.is_none_or(|end| now < end);
        Ok(kept.filter(is_good).map(|kept| kept.token))
    }
}

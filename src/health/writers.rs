//! The store's writers on the metrics page: counted where they write, read when somebody asks.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;

use crate::store::WriterCounts;

#[derive(Debug)]
pub(super) struct WriterCollector(pub(super) Arc<WriterCounts>);

impl Collector for WriterCollector {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let counts = &self.0;
        for (name, help, count) in [
            ("store_commits", "Commits of the store's writers", counts.batches()),
            ("store_writes", "Writes in those commits", counts.members()),
            ("store_writes_refused", "Writes refused because their clinic's lane was full", counts.refused()),
            ("store_writer_restarts", "Writers that died and were started again", counts.restarts()),
        ] {
            let counter = ConstCounter::new(count);
            counter.encode(encoder.encode_descriptor(name, help, None, counter.metric_type())?)?;
        }
        Ok(())
    }
}

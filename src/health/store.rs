//! The store on the metrics page: counted where it works, read when somebody asks.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::store::SqlStore;

pub(super) struct StoreCollector(pub(super) Arc<SqlStore>);

impl fmt::Debug for StoreCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreCollector")
    }
}

impl Collector for StoreCollector {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let counts = self.0.counts();
        for (name, help, count) in [
            ("store_commits", "Commits of the store's writers", counts.batches()),
            ("store_writes", "Writes in those commits", counts.members()),
            ("store_writes_refused", "Writes refused because their clinic's lane was full", counts.refused()),
            ("store_writer_restarts", "Writers that died and were started again", counts.restarts()),
        ] {
            let counter = ConstCounter::new(count);
            counter.encode(encoder.encode_descriptor(name, help, None, counter.metric_type())?)?;
        }
        let used = self.0.readers_in_use();
        for (name, help, count) in [
            ("store_readers_in_use", "Connections of the store that read", used.in_use),
            ("store_readers_idle", "Connections of the store that could read", used.idle),
            ("store_readers_waiting", "Reads that wait for a connection", used.waiting),
        ] {
            let gauge = ConstGauge::new(count);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        let counts = self.0.reader_counts();
        let (name, help) = ("store_reader_wait_seconds", "From asking for a connection to having it");
        let waits = counts.waits();
        waits.encode(encoder.encode_descriptor(name, help, None, waits.metric_type())?)
    }
}

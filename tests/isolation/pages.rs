//! What the operator's pages say, of one clinic and of the house.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::house::House;
use crate::patience::until;
use crate::premises::OPERATOR_TOKEN;

/// Every counter of the page by its name and labels. How long things took is left out.
pub(crate) struct Counters(BTreeMap<String, u64>);

impl Counters {
    pub(crate) async fn of(house: &House) -> Self {
        let page = house.platform.get("/metrics", "").await.expect("a page").text;
        let lines = page.lines().filter(|line| !line.starts_with('#') && !line.contains("_seconds"));
        let counter = |line: &str| {
            let (name, value) = line.rsplit_once(' ').expect("a name and a value");
            (name.to_owned(), value.parse().expect("a count"))
        };
        Self(lines.map(counter).collect())
    }

    /// All that is counted for this clinic.
    pub(crate) fn of_clinic(&self, clinic: &str) -> BTreeMap<&str, u64> {
        let label = format!("clinic=\"{clinic}\"");
        self.all().filter(|(name, _)| name.contains(&label)).collect()
    }

    /// The sum of those whose name and labels have all these parts.
    pub(crate) fn total(&self, parts: &[&str]) -> u64 {
        let wanted = |name: &str| parts.iter().all(|part| name.contains(part));
        self.all().filter(|(name, _)| wanted(name)).map(|(_, count)| count).sum()
    }

    fn all(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(name, count)| (name.as_str(), *count))
    }
}

/// What the operator is told of each clinic.
#[derive(Debug)]
pub(crate) struct Report(Value);

impl Report {
    pub(crate) async fn of(house: &House) -> Self {
        Self(house.platform.get("/health", OPERATOR_TOKEN).await.expect("a page").json())
    }

    /// One that was made after now: each is shown for some seconds, and no two have the same latency.
    pub(crate) async fn newer(house: &House) -> Self {
        let shown = Self::of(house).await;
        let is_newer = |report: &Self| report.0["store"]["latency_ms"] != shown.0["store"]["latency_ms"];
        until("a newer report", async || Some(Self::of(house).await).filter(is_newer)).await
    }

    pub(crate) fn clinic(&self, clinic: &str) -> &Value {
        let clinics = self.0["clinics"].as_array().expect("clinics");
        clinics.iter().find(|one| one["clinic"] == clinic).expect("a clinic of this house")
    }

    /// Every place at Maple's EMR is taken, and more are waiting for one.
    pub(crate) fn maple_is_stuck(&self) -> bool {
        let maple = self.clinic("maple");
        maple["in_flight"] == 4 && maple["waiting"].as_u64() > Some(0)
    }
}

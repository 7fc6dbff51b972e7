//! The charts that were made by telephone: nothing forbids a second one for the same person.

use super::{PretendEmr, locked};
use crate::domain::health_number::HealthNumber;
use crate::domain::ids::DemographicNo;
use crate::domain::new_patient::{ChartRecord, NewPatient};
use crate::domain::patient::Patient;
use crate::testing::chart_of;

/// Beyond those that tests give their patients.
const FIRST: i32 = 9_001;

impl PretendEmr {
    /// In the order in which they were made.
    pub fn charts(&self) -> Vec<ChartRecord> {
        locked(&self.state).charts.values().cloned().collect()
    }

    /// Staff make one, or we do.
    pub fn add_chart(&self, who: &NewPatient) -> DemographicNo {
        let mut state = locked(&self.state);
        let no = FIRST + i32::try_from(state.charts.len()).unwrap_or_default();
        let chart = chart_of(no, who);
        let no = chart.patient.no;
        state.patients.push(chart.patient.clone());
        state.charts.insert(no, chart);
        no
    }

    /// `false` when there is no such chart.
    pub fn staff_edit_chart(&self, no: DemographicNo, edit: impl FnOnce(&mut ChartRecord)) -> bool {
        let mut state = locked(&self.state);
        let Some(chart) = state.charts.get_mut(&no) else { return false };
        edit(chart);
        true
    }

    pub(super) fn with_number(&self, number: &HealthNumber) -> Vec<Patient> {
        let charts = self.charts().into_iter();
        let theirs = charts.filter(|chart| number.is_typed_as(chart.health_number.reveal()));
        theirs.map(|chart| chart.patient).collect()
    }
}

//! Finding out who is calling (law I-3).

use std::sync::Arc;

use tokio::time::Instant;

use super::State;
use super::finding::{Finding, Task};
use crate::desk::situation_of;
use crate::domain::arguments::NameSearch;
use crate::domain::clinic::Clinic;
use crate::domain::patient::{Identification, Patient, Testimony, identify};
use crate::domain::phi::Phi;
use crate::domain::phone::PhoneNumber;
use crate::domain::say::Situation;
use crate::house::House;
use crate::ports::emr::{EmrResult, Operation, Path};

impl State {
    pub(super) fn by_number(
        &mut self,
        birth_date: Option<Phi<jiff::civil::Date>>,
        deadline: Instant,
    ) -> Result<Task, Situation> {
        let caller = self.call.caller().cloned().ok_or(Situation::NumberWithheld)?;
        let asker = Asker::of(self, deadline);
        let Some(birth_date) = birth_date else {
            return Ok(Task::of(async move { asker.count(&caller).await }));
        };
        self.call.begin_verification()?;
        let testimony =
            Testimony { caller: Some(caller), birth_date: Some(birth_date), ..Testimony::default() };
        Ok(Task::of(async move { asker.identify(testimony).await }))
    }

    pub(super) fn by_name(&mut self, search: NameSearch, deadline: Instant) -> Result<Task, Situation> {
        self.call.begin_verification()?;
        let testimony = Testimony {
            caller: self.call.caller().cloned(),
            first_name: search.first_name,
            last_name: search.last_name,
            birth_date: Some(search.birth_date),
        };
        let asker = Asker::of(self, deadline);
        Ok(Task::of(async move { asker.identify(testimony).await }))
    }
}

struct Asker {
    house: Arc<House>,
    clinic: Arc<Clinic>,
    deadline: Instant,
}

impl Asker {
    fn of(state: &State, deadline: Instant) -> Self {
        let deadline = deadline.checked_sub(state.house.settings.answer_margin).unwrap_or(deadline);
        Self { house: Arc::clone(&state.house), clinic: Arc::clone(&state.clinic), deadline }
    }

    async fn count(&self, caller: &PhoneNumber) -> Finding {
        match self.charts_of(caller).await {
            Ok((by, charts)) => Finding::Number { by, charts: charts.iter().map(|chart| chart.no).collect() },
            Err(failure) => Finding::Plain(situation_of(failure)),
        }
    }

    /// Everybody born that day, compared here: a name search would depend on how somebody once spelled it.
    async fn identify(&self, testimony: Testimony) -> Finding {
        let Some(born) = testimony.birth_date.as_ref().map(|born| *born.reveal()) else {
            return Finding::Identified(Identification::NotFound);
        };
        let charts = self
            .house
            .emr_link(&self.clinic.id)
            .read(Operation::ChartsByBirthDate, self.deadline, move |emr| async move {
                emr.charts_by_birth_date(born).await
            })
            .await;
        match charts {
            Ok(charts) => Finding::Identified(identify(&testimony, &charts)),
            Err(failure) => Finding::Unidentified(situation_of(failure)),
        }
    }

    async fn charts_of(&self, caller: &PhoneNumber) -> EmrResult<(Path, Vec<Patient>)> {
        let number = caller.clone();
        let (by, mut charts) = self
            .house
            .emr_link(&self.clinic.id)
            .read(Operation::ChartsByPhone, self.deadline, move |emr| async move {
                Ok((emr.path(), emr.charts_by_phone(&number).await?))
            })
            .await?;
        charts.retain(|chart| caller.is_among(&chart.phones));
        Ok((by, charts))
    }
}

//! The appointment table with its two indexes and its archive. Rows change only through here, so the
//! indexes and the archive cannot be forgotten.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;

use super::appointment::{Appointment, NotStored};

const FIRST_ID: i32 = 90_001;

#[derive(Debug, Default)]
pub struct Book {
    rows: BTreeMap<i32, Appointment>,
    by_date: BTreeMap<Date, BTreeSet<i32>>,
    by_patient: HashMap<i32, BTreeSet<i32>>,
    archive: Vec<Appointment>,
}

impl Book {
    /// Files a row under its own number, or under the next free one when it has none (0).
    pub fn insert(&mut self, mut row: Appointment) -> i32 {
        if row.id == 0 {
            row.id = self.rows.keys().next_back().map_or(FIRST_ID, |last| last + 1);
        }
        let id = row.id;
        self.index(&row);
        self.rows.insert(id, row);
        id
    }

    /// Changes a row and keeps its previous version in the archive; a change that fails leaves no trace.
    pub(crate) fn change(
        &mut self,
        id: i32,
        change: impl FnOnce(&mut Appointment) -> Result<(), NotStored>,
    ) -> Result<(), NotStored> {
        let before = self.rows.get(&id).ok_or(NotStored::NoSuchRow)?.clone();
        let mut after = before.clone();
        change(&mut after)?;
        self.unindex(&before);
        self.index(&after);
        self.rows.insert(id, after);
        self.archive.push(before);
        Ok(())
    }

    pub fn get(&self, id: i32) -> Option<&Appointment> {
        self.rows.get(&id)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Appointment> {
        self.rows.values()
    }

    pub fn archive(&self) -> &[Appointment] {
        &self.archive
    }

    /// Rows of a provider from one day until before another, day by day and within a day by number.
    pub fn of_provider(
        &self,
        provider_no: &str,
        from: Date,
        until: Date,
    ) -> impl Iterator<Item = &Appointment> {
        let days = if from < until { from..until } else { from..from };
        let ids = self.by_date.range(days).flat_map(|(_, ids)| ids);
        ids.filter_map(|id| self.rows.get(id)).filter(move |row| row.details.provider_no == provider_no)
    }

    pub(crate) fn of_patient(&self, number: i32) -> impl Iterator<Item = &Appointment> {
        self.by_patient.get(&number).into_iter().flatten().filter_map(|id| self.rows.get(id))
    }

    fn index(&mut self, row: &Appointment) {
        self.by_date.entry(row.date).or_default().insert(row.id);
        self.by_patient.entry(row.details.demographic_no).or_default().insert(row.id);
    }

    fn unindex(&mut self, row: &Appointment) {
        if let Some(ids) = self.by_date.get_mut(&row.date) {
            ids.remove(&row.id);
        }
        if let Some(ids) = self.by_patient.get_mut(&row.details.demographic_no) {
            ids.remove(&row.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::appointment::Details;
    use super::*;

    fn row(provider_no: &str, date: Date, demographic_no: i32) -> Appointment {
        let details = Details { provider_no: provider_no.to_owned(), demographic_no, ..Details::default() };
        Appointment { date, details, ..Appointment::default() }
    }

    #[test]
    fn a_moved_row_leaves_its_old_day_and_patient_and_its_old_version_is_kept() {
        let (monday, tuesday) = (date(2026, 6, 1), date(2026, 6, 2));
        let mut book = Book::default();
        let id = book.insert(row("101", monday, 7));
        let moved = book.change(id, |row| {
            row.date = tuesday;
            row.details.demographic_no = 8;
            Ok(())
        });
        assert_eq!(moved, Ok(()));
        assert_eq!(book.of_provider("101", monday, tuesday).count(), 0);
        assert_eq!(book.of_provider("101", tuesday, date(2026, 6, 3)).count(), 1);
        assert_eq!((book.of_patient(7).count(), book.of_patient(8).count()), (0, 1));
        assert_eq!(book.archive().iter().map(|row| row.date).collect::<Vec<_>>(), [monday]);
    }

    #[test]
    fn a_failed_change_leaves_row_and_archive_alone() {
        let mut book = Book::default();
        let id = book.insert(row("101", date(2026, 6, 1), 7));
        let refused = book.change(id, |row| {
            row.details.demographic_no = 8;
            Err(NotStored::Null("provider_no"))
        });
        assert_eq!(refused, Err(NotStored::Null("provider_no")));
        assert_eq!(book.get(id).map(|row| row.details.demographic_no), Some(7));
        assert!(book.archive().is_empty());
    }

    #[test]
    fn a_range_that_ends_where_it_starts_or_before_is_empty() {
        let mut book = Book::default();
        book.insert(row("101", date(2026, 6, 1), 7));
        assert_eq!(book.of_provider("101", date(2026, 6, 1), date(2026, 6, 1)).count(), 0);
        assert_eq!(book.of_provider("101", date(2026, 6, 2), date(2026, 6, 1)).count(), 0);
    }
}

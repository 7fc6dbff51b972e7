//! Providers, as `ProviderTo1` carries them.

use vitarad_actors::domain::ids::ProviderNo;
use vitarad_actors::ports::emr::EmrProvider;

use super::row::Row;
use crate::emr::SYSTEM;

/// `None` for the system and for rows without a usable number; only active ones are listed. Of what kind somebody is
/// cannot be told: the column for it is filled from another.
pub(super) fn read(row: &Row) -> Option<EmrProvider> {
    let no = row.text_of("providerNo").filter(|no| *no != SYSTEM)?;
    Some(EmrProvider {
        no: ProviderNo::parse(no).ok()?,
        first_name: row.owned("firstName"),
        last_name: row.owned("lastName"),
        title: row.owned("title"),
        specialty: row.owned("specialty"),
        kind: String::new(),
    })
}

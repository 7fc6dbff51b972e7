//! `services/providerService`: who works here, without what they are.

use serde_json::json;

use super::operation::{Call, listed};
use super::refusal::Refusal;
use crate::sandbox::oscar::exchange::Page;

/// Active ones only. The type is filled from another column, so it is never there.
#[expect(clippy::unnecessary_wraps, reason = "every operation has the type its table wants")]
pub(super) fn providers(call: &mut Call<'_>) -> Result<Page, Refusal> {
    let active = call.world.providers.iter().filter(|row| row.active);
    let rows = active.map(|row| {
        json!({
            "providerNo": row.provider_no,
            "lastName": row.last_name,
            "firstName": row.first_name,
            "name": format!("{}, {}", row.last_name, row.first_name),
            "comments": null,
            "address": { "address": null, "city": null },
            "enabled": true,
            "providerType": null,
            "sex": row.sex.chars().next().map(String::from),
            "specialty": row.specialty,
            "title": row.title,
            "lastUpdateDate": 1_780_310_000_000_i64,
        })
    });
    Ok(listed(call.now, &rows.collect::<Vec<_>>()))
}

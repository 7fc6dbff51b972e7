//! The journal of some rows, for whoever has to understand a breach.

use vitarad_actors::domain::mark::Mark;
use vitarad_actors::testing::Tables;

/// Every write of the intents that touched these appointments.
pub fn story(tables: &Tables, marks: &[Option<Mark>]) -> String {
    let intents: Vec<_> = tables
        .effects
        .iter()
        .filter(|row| marks.contains(&Some(row.effect.mark())))
        .map(|row| row.effect.intent)
        .collect();
    let lines = tables.effects.iter().filter(|row| intents.contains(&row.effect.intent)).map(|row| {
        let intent = &tables.intents[&row.effect.intent];
        format!(
            "\n      {:?} {} {} {:?} announced {:?} due {:?} sender {:?} owner {:?} intent {:?} by {:?}",
            row.effect.intent.0.as_u128() % 1000,
            if row.effect.adds() { "add" } else { "cancel" },
            row.effect.slot().interval,
            row.state,
            row.announced_at.0,
            row.due.map(|due| due.0),
            row.sender.0,
            intent.owner.0,
            intent.state,
            intent.order.tool_call.tool_call,
        )
    });
    lines.collect()
}

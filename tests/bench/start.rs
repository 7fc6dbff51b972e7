//! From the start of the process to its first "ready".

use std::net::{Ipv4Addr, SocketAddr};

use crate::config::Budgets;
use crate::house::{Premises, names};
use crate::scale::Scale;
use crate::table::{Table, ms};
use crate::times::Times;

/// No EMR listens: a daemon is ready without.
const NOBODY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9);

pub fn measure(scale: &Scale, table: &mut Table) {
    let clinics = names(scale.clinics);
    let fresh = |clinics: &[String]| Premises::furnish(clinics, NOBODY, Budgets::Lifted).timed_start().1;
    let kept = Premises::furnish(&clinics, NOBODY, Budgets::Lifted);
    drop(kept.start());
    let mut add = |what: String, mut times: Times, aim| {
        let text = format!("{} median, {} at most", ms(times.median()), ms(times.quantile(1000)));
        table.row(format!("start to ready, {what}"), text, aim);
    };
    add("new database, no clinics".to_owned(), (0..scale.starts).map(|_| fresh(&[])).collect(), "< 100 ms");
    add(
        format!("database with {} clinics", scale.clinics),
        (0..scale.starts).map(|_| kept.timed_start().1).collect(),
        "< 100 ms",
    );
    add(
        format!("new database, {} clinics declared", scale.clinics),
        (0..scale.starts).map(|_| fresh(&clinics)).collect(),
        "",
    );
}

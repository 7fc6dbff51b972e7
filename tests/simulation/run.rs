//! One run: a town, its houses, its callers and its trouble, and in the end the verdict.

use std::sync::Arc;

use tokio::time::sleep;

use crate::houses::Houses;
use crate::plan::Plan;
use crate::record::Record;
use crate::summary::Summary;
use crate::{callers, clocks, deaths, delivery, staff, town, verdict, watch, weather};

const CALLERS: usize = 7;

/// What it came to, and what broke a law.
pub fn simulate(seed: u64) -> (Summary, Vec<String>) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let plan = Arc::new(Plan::of(seed));
        let world = Arc::new(town::built(&plan));
        let record = Arc::<Record>::default();
        if plan.nodes > 1 {
            record.count("runs with two processes");
        }
        watch::watch_the_laws(&world, &record);
        weather::spoil_the_emrs(&world, &record, &plan);
        let staff = staff::at_work(Arc::clone(&world), Arc::clone(&record), Arc::clone(&plan));
        let houses = Houses::begin(Arc::clone(&world), seed, plan.nodes).await;
        let callers: Vec<_> = (0..CALLERS)
            .map(|n| {
                let lines = delivery::lines(Arc::clone(&houses), Arc::clone(&record), Arc::clone(&plan), n);
                tokio::spawn(callers::call_until_the_end(lines))
            })
            .collect();
        tokio::select! {
            () = deaths::make_trouble(&houses, &record, &plan) => {}
            () = clocks::run_ahead_of_writes(&houses, &record, &plan) => {}
        }
        deaths::clear_up(&houses);
        staff.await.unwrap();
        weather::clear_up(&world);
        for caller in callers {
            caller.await.unwrap();
        }
        sleep(plan.settle).await;
        let summary = verdict::judge(&world, &record);
        houses.end().await;
        let breaches = std::mem::take(&mut *record.breaches.lock().unwrap());
        (summary, breaches)
    })
}

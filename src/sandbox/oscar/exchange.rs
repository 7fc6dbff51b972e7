//! One request from its arrival to its answer, with whatever was made to go wrong on the way, whichever wire it came over.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::sleep;

use super::faults::{Fault, Touches};
use super::interference::{staff_after, staff_before};
use super::server::Oscar;
use super::world::{Draft, World};

pub(super) enum Answer {
    Reply(Page),
    Fault(Page),
    /// A reply of which only a part gets through.
    Half(Page),
    /// Tomcat gave up.
    ServerError,
    /// A web firewall stood before it.
    Blocked,
    /// The connection is closed without a word.
    Severed,
}

/// What is sent back.
#[derive(Default)]
pub(super) struct Page {
    pub(super) status: u16,
    pub(super) kind: &'static str,
    pub(super) text: String,
    /// How the caller should have shown who it is.
    pub(super) challenge: Option<&'static str>,
    /// Where a browser is sent on to.
    pub(super) location: Option<String>,
}

/// What came of a request.
pub(super) struct Done {
    pub(super) answer: Answer,
    /// The one appointment it was about.
    pub(super) row: Option<i32>,
    /// How long the answer is held back.
    pub(super) penalty: Option<Duration>,
}

/// A well-formed request. Whether it may be answered is not known yet.
pub(super) trait Order: Send + Sync + 'static {
    /// The operation, if it is one of ours, and what it does to single appointments.
    fn operation(&self) -> Option<(&'static str, Touches)>;

    /// The appointment it wants written.
    fn draft(&self, world: &World) -> Option<Draft>;

    fn carry_out(&self, world: &mut World, now: Timestamp) -> Done;

    /// The refusal of a fault on demand, in the words of this wire.
    fn refuse(&self, world: &World, fault: &Fault) -> Done;
}

pub(super) async fn exchange(oscar: &Arc<Oscar>, order: impl Order) -> Answer {
    let visit = oscar.traffic.enter();
    let Some((name, touches)) = order.operation() else {
        return answer(oscar, &order, &[]).await;
    };
    oscar.traffic.count(name);
    let drawn = oscar.draw_faults(name, touches);
    if drawn.faults.is_empty() {
        return answer(oscar, &order, &[]).await;
    }
    if drawn.faults.contains(&Fault::Hang) {
        oscar.faults_cleared(drawn.clearings).await;
    }
    let itself = Arc::clone(oscar);
    let troubled = async move {
        let _visit = visit;
        let hangs = drawn.faults.contains(&Fault::CommitThenHang);
        let answer = go_wrong(&itself, order, drawn.faults).await;
        if hangs {
            itself.faults_cleared(drawn.clearings).await;
        }
        answer
    };
    oscar.run_to_the_end(troubled).await.unwrap_or(Answer::Severed)
}

async fn go_wrong(oscar: &Arc<Oscar>, order: impl Order, faults: Vec<Fault>) -> Answer {
    for fault in &faults {
        match fault {
            Fault::Latency { ms } => sleep(Duration::from_millis(*ms)).await,
            Fault::Restart => oscar.restart(),
            _ => {}
        }
    }
    for fault in &faults {
        match fault {
            Fault::Http500 => return Answer::ServerError,
            Fault::WafPage => return Answer::Blocked,
            Fault::DropBeforeCommit => return Answer::Severed,
            Fault::AuthFault | Fault::SoapFault { .. } => {
                return held_back(oscar.with_world(|world| order.refuse(world, fault))).await;
            }
            Fault::DelayedCommit { ms } => {
                let (itself, delay) = (Arc::clone(oscar), Duration::from_millis(*ms));
                oscar.run_later(async move {
                    sleep(delay).await;
                    answer(&itself, &order, &faults).await;
                });
                return Answer::Severed;
            }
            _ => {}
        }
    }
    distort(answer(oscar, &order, &faults).await, &faults)
}

async fn answer(oscar: &Oscar, order: &impl Order, faults: &[Fault]) -> Answer {
    let now = oscar.now();
    let done = oscar.with_world(|world| {
        staff_before(world, |world| order.draft(world), faults, now);
        let done = order.carry_out(world, now);
        if let Some(row) = done.row {
            staff_after(world, row, faults, now);
        }
        done
    });
    held_back(done).await
}

async fn held_back(done: Done) -> Answer {
    if let Some(penalty) = done.penalty {
        sleep(penalty).await;
    }
    done.answer
}

/// What becomes of an answer on its way back.
fn distort(answer: Answer, faults: &[Fault]) -> Answer {
    match answer {
        _ if faults.contains(&Fault::CommitThenDrop) => Answer::Severed,
        _ if faults.contains(&Fault::CommitThenFail) => Answer::ServerError,
        Answer::Reply(page) | Answer::Fault(page) if faults.contains(&Fault::GarbageXml) => {
            Answer::Reply(Page { status: 200, text: "<soap:Envelope><<return>&&".to_owned(), ..page })
        }
        Answer::Reply(page) if faults.contains(&Fault::Truncate) => Answer::Half(page),
        answer => answer,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use jiff::tz::TimeZone;
    use tokio::time::Instant;

    use super::super::demo;
    use super::super::faults::FaultRule;
    use super::super::profile::Profile;
    use super::super::seed::Flavour;
    use super::super::server::Errands;
    use super::super::soap::{Request, service};
    use super::super::world::World;
    use super::*;

    fn oscar(fault: Option<Fault>) -> Arc<Oscar> {
        let world = World::clinic(Profile::Oscar19, TimeZone::UTC, date(2026, 6, 3), 1, Flavour::Maple);
        let oscar = Oscar::new(world, Arc::new(|| Timestamp::UNIX_EPOCH), Errands::default());
        if let Some(fault) = fault {
            let rule = FaultRule { operation: "*".to_owned(), fault, times: None, probability: None };
            oscar.add_fault(rule).unwrap();
        }
        Arc::new(oscar)
    }

    fn envelope(body: &str) -> String {
        format!(
            r#"<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:ws="http://ws.oscarehr.org/"><e:Body>{body}</e:Body></e:Envelope>"#
        )
    }

    async fn log_in(oscar: &Arc<Oscar>, password: &str) -> Answer {
        let login = format!("<ws:login2><arg0>{}</arg0><arg1>{password}</arg1></ws:login2>", demo::LOGIN);
        exchange(
            oscar,
            Request::read(service("LoginService").unwrap(), Profile::Oscar19.build(), &envelope(&login))
                .unwrap(),
        )
        .await
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_wrong_password_is_answered_late() {
        let (oscar, begin) = (oscar(None), Instant::now());
        assert!(matches!(log_in(&oscar, demo::PASSWORD).await, Answer::Reply(_)));
        assert_eq!(begin.elapsed(), Duration::ZERO);
        assert!(matches!(log_in(&oscar, "wrong").await, Answer::Fault(_)));
        assert_eq!(begin.elapsed(), Duration::from_millis(250));
    }

    #[tokio::test(start_paused = true)]
    async fn latency_adds_up_over_its_rules() {
        let oscar = oscar(Some(Fault::Latency { ms: 300 }));
        let rule = FaultRule {
            operation: "login2".to_owned(),
            fault: Fault::Latency { ms: 700 },
            times: Some(1),
            probability: None,
        };
        oscar.add_fault(rule).unwrap();
        let begin = Instant::now();
        assert!(matches!(log_in(&oscar, demo::PASSWORD).await, Answer::Reply(_)));
        assert_eq!(begin.elapsed(), Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_delayed_commit_is_cut_off_at_once_and_done_at_its_time() {
        let oscar = oscar(Some(Fault::DelayedCommit { ms: 1000 }));
        let rows = || oscar.state().appointments.len();
        let (before, begin) = (rows(), Instant::now());
        let add = format!(
            r#"<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header>
            <s:Security xmlns:s="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd">
            <s:UsernameToken><s:Username>{}</s:Username><s:Password>{}</s:Password></s:UsernameToken></s:Security>
            </e:Header><e:Body><w:addAppointment xmlns:w="http://ws.oscarehr.org/"><arg0>
            <appointmentEndDateTime>2026-07-21T09:15:00</appointmentEndDateTime>
            <appointmentStartDateTime>2026-07-21T09:00:00</appointmentStartDateTime>
            <providerNo>101</providerNo></arg0></w:addAppointment></e:Body></e:Envelope>"#,
            demo::SECURITY_ID,
            demo::PASSWORD
        );
        let answer = exchange(
            &oscar,
            Request::read(service("ScheduleService").unwrap(), Profile::Oscar19.build(), &add).unwrap(),
        )
        .await;
        assert!(matches!(answer, Answer::Severed));
        assert_eq!((begin.elapsed(), rows()), (Duration::ZERO, before));
        sleep(Duration::from_millis(999)).await;
        assert_eq!(rows(), before);
        sleep(Duration::from_millis(2)).await;
        assert_eq!(rows(), before + 1);
    }
}

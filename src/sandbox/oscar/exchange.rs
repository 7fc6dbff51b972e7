//! One request from its arrival to its answer, with whatever was made to go wrong on the way.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::faults::Fault;
use super::interference::{staff_after, staff_before};
use super::server::Oscar;
use super::soap::{Answered, Request, Service, SoapFault};

pub(super) enum Answer {
    Reply(String),
    Fault(String),
    /// A reply of which only a part gets through.
    Half(String),
    /// Tomcat gave up.
    ServerError,
    /// A web firewall stood before it.
    Blocked,
    /// The connection is closed without a word.
    Severed,
}

pub(super) async fn exchange(oscar: &Arc<Oscar>, service: &'static Service, document: &str) -> Answer {
    let visit = oscar.traffic.enter();
    let request = match Request::read(service, document) {
        Ok(request) => request,
        Err(fault) => return refuse(oscar, &fault).await,
    };
    let Some(operation) = request.operation() else {
        return answer(oscar, &request, &[]).await;
    };
    oscar.traffic.count(operation.name);
    let drawn = oscar.draw_faults(operation);
    if drawn.faults.is_empty() {
        return answer(oscar, &request, &[]).await;
    }
    if drawn.faults.contains(&Fault::Hang) {
        oscar.faults_cleared(drawn.clearings).await;
    }
    let itself = Arc::clone(oscar);
    let troubled = async move {
        let _visit = visit;
        go_wrong(&itself, request, drawn.faults).await
    };
    oscar.run_to_the_end(troubled).await.unwrap_or(Answer::Severed)
}

async fn go_wrong(oscar: &Arc<Oscar>, request: Request, faults: Vec<Fault>) -> Answer {
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
            Fault::AuthFault => return refuse(oscar, &SoapFault::FailedAuthentication(None)).await,
            Fault::SoapFault { text } => return refuse(oscar, &SoapFault::Server(text.clone())).await,
            Fault::DelayedCommit { ms } => {
                let (itself, delay) = (Arc::clone(oscar), Duration::from_millis(*ms));
                oscar.run_later(async move {
                    sleep(delay).await;
                    answer(&itself, &request, &faults).await;
                });
                return Answer::Severed;
            }
            _ => {}
        }
    }
    distort(answer(oscar, &request, &faults).await, &faults)
}

async fn answer(oscar: &Oscar, request: &Request, faults: &[Fault]) -> Answer {
    let now = oscar.now();
    let answered = oscar.with_world(|world| {
        staff_before(world, request, faults, now);
        let answered = request.answer(world, now);
        if let Ok(Answered { row: Some(row), .. }) = &answered {
            staff_after(world, *row, faults, now);
        }
        answered
    });
    match answered {
        Ok(Answered { xml, .. }) => Answer::Reply(xml),
        Err(fault) => refuse(oscar, &fault).await,
    }
}

async fn refuse(oscar: &Oscar, fault: &SoapFault) -> Answer {
    if let Some(penalty) = fault.penalty() {
        sleep(penalty).await;
    }
    Answer::Fault(oscar.with_world(|world| fault.to_xml(world.profile)))
}

/// What becomes of an answer on its way back.
fn distort(answer: Answer, faults: &[Fault]) -> Answer {
    for fault in faults {
        match (fault, &answer) {
            (Fault::CommitThenDrop, _) => return Answer::Severed,
            (Fault::Truncate, Answer::Reply(xml)) => return Answer::Half(xml.clone()),
            (Fault::GarbageXml, _) => return Answer::Reply("<soap:Envelope><<return>&&".to_owned()),
            _ => {}
        }
    }
    answer
}

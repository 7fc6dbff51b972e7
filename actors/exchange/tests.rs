//! What a caller hears when the call's actor says nothing.

use std::time::Duration;

use ractor::{Actor, ActorProcessingErr, ActorRef};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::*;
use crate::crashpoint::Crashpoints;
use crate::domain::tool::Tool;
use crate::mailbox::Post;
use crate::testing::{World, clinic, patient, tool_call};
use crate::tree::Role;

/// Keeps every question, and answers none.
struct Mute;

impl Actor for Mute {
    type Msg = Post<CallMsg>;
    type State = Vec<Post<CallMsg>>;
    type Arguments = ();

    async fn pre_start(
        &self,
        _: ActorRef<Self::Msg>,
        (): (),
    ) -> Result<Vec<Post<CallMsg>>, ActorProcessingErr> {
        Ok(Vec::new())
    }

    async fn handle(
        &self,
        _: ActorRef<Self::Msg>,
        question: Post<CallMsg>,
        kept: &mut Vec<Post<CallMsg>>,
    ) -> Result<(), ActorProcessingErr> {
        kept.push(question);
        Ok(())
    }
}

/// Law C-1.
#[tokio::test(start_paused = true)]
async fn a_call_that_says_nothing_is_answered_for_at_the_deadline() {
    let world = World::of(vec![clinic("maple", 1)], &[patient(42)]);
    let house = world.begin(1, Crashpoints::default()).await;
    let (mute, _) = Actor::spawn(None, Mute, ()).await.unwrap();
    let mailbox = Mailbox::new(mute, 8, house.house.meters.refused(Role::Call));
    for (tool, code) in [(Tool::CheckAppointments, "EMR_TIMEOUT"), (Tool::CancelAppointment, "PENDING")] {
        let question = tool_call("maple", "c1", tool.name(), tool, json!({ "appointmentId": 7 }), None);
        house.house.directory.enter_call(question.call.clone(), mailbox.clone());
        let deadline = Instant::now() + Duration::from_secs(4);
        let answer = house.exchange.ask(question, deadline);
        let line = tokio::time::timeout(Duration::from_secs(5), answer).await.expect("an answer in time");
        let answer: Value = serde_json::from_str(line.reveal()).unwrap();
        assert_eq!(answer["code"], code);
        assert!(answer["say"].as_str().is_some_and(|say| !say.is_empty()));
    }
}

#[tokio::test(start_paused = true)]
async fn an_alarm_that_the_call_did_not_hear_of_is_counted_and_audited() {
    let world = World::of(vec![clinic("maple", 1)], &[patient(42)]);
    let house = world.begin(1, Crashpoints::default()).await;
    let key = tool_call("maple", "c1", "t1", Tool::CreateAppointment, json!({}), None).call;
    house.exchange.enter_alarm(&key, Tool::CreateAppointment, Alarm::Crisis, Situation::Crisis).await;
    let audit: Vec<_> = world.store.peek().audit.iter().map(|e| (e.action.name(), e.outcome)).collect();
    assert_eq!(audit, [("create_appointment", "CRISIS")]);
    let mut registry = prometheus_client::registry::Registry::default();
    house.house.meters.register(&mut registry);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    assert!(text.contains(r#"alarms_total{clinic="maple",alarm="crisis"} 1"#), "{text}");
}

//! From the approval on the clinic is served, without a restart.

use serde_json::json;
use vitarad::sandbox::oscar::demo::{self, MARIE};

use crate::house::House;
use crate::patience::until;
use crate::set_up::{comes_back, decided, premises, started};
use crate::town::MAPLE_LINE;

#[tokio::test]
async fn a_clinic_that_has_only_rest_is_served_from_the_moment_somebody_approves() {
    let premises = premises(-1).await;
    let config = std::fs::read_to_string(premises.config_file()).unwrap();
    let login = format!("username = \"{}\", password = \"{}\", ", demo::LOGIN, demo::PASSWORD);
    premises.write_config(&config.replacen(&login, "", 1));
    let house = House::open(&premises).await;
    let call = house.platform.call("call-1", MAPLE_LINE, Some(MARIE.phone));
    let born = json!({ "dateOfBirth": MARIE.birth.to_string() });
    let before = call.ask("v0", "search_patient_by_phone", born.clone()).await;
    assert_eq!(before["code"], "EMR_UNAVAILABLE", "{before}");
    let back = decided(&started(&premises).await, "allow").await;
    assert_eq!(comes_back(&house, &back).await.0, 200);
    let mut asked = 0;
    until("the way by REST", async || {
        asked += 1;
        let answer = call.ask(&format!("v{asked}"), "search_patient_by_phone", born.clone()).await;
        (answer["code"] == "VERIFIED").then_some(())
    })
    .await;
    house.close().await;
}

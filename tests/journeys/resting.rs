//! What an operator sees of a part of the house that is not running because it keeps failing.

use serde_json::Value;
use vitarad_actors::desk::DeskMsg;
use vitarad_actors::domain::ids::ClinicId;
use vitarad_actors::testing::Death;

use crate::patience::until;
use crate::premises::OPERATOR_TOKEN;
use crate::stage::Stage;

#[tokio::test]
async fn a_desk_that_is_not_running_is_named_and_the_house_is_degraded_but_ready() {
    let stage = Stage::open().await;
    let directory = &stage.house.app.house().directory;
    let maple = ClinicId::parse("maple").expect("an id");
    let report = until("a report that names the desk", async || {
        if let Some(desk) = directory.desk(&maple) {
            let _ = desk.post(DeskMsg::Die(Death::Error));
        }
        let page = stage.platform().get("/health", OPERATOR_TOKEN).await.expect("a page");
        let report: Value = serde_json::from_str(&page.text).expect("JSON");
        (report["status"] == "degraded").then_some(report)
    })
    .await;
    assert_eq!(report["resting"], Value::Array(Vec::new()), "everything under the root goes on");
    for clinic in report["clinics"].as_array().expect("a list") {
        let resting: &[&str] = if clinic["clinic"] == "maple" { &["desk"] } else { &[] };
        assert_eq!(clinic["resting"], Value::from(resting), "{report}");
    }
    assert_eq!(stage.platform().get("/readyz", "").await.expect("a page").status, 200);
}

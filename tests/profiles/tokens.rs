//! What a wrong signature costs.

use vitarad::sandbox::oscar::Profile;
use vitarad_actors::ports::{Emr, EmrFailure};

use crate::builds::{Desk, rest};

#[tokio::test]
async fn a_wrong_signature_is_refused_everywhere_and_costs_the_token_on_all_builds_but_one() {
    for (profile, survives) in [
        (Profile::Oscar15, false),
        (Profile::Oscar19, false),
        (Profile::OpenO, true),
        (Profile::KaiLike, false),
    ] {
        let desk = Desk::at(profile).await;
        desk.rest.probe().await.unwrap();
        let forged = rest(&desk.server.url(), &desk.grant, "another");
        assert_eq!(forged.probe().await, Err(EmrFailure::Unauthorised), "{profile:?}");
        let known = desk.server.oscar.with_world(|world| world.rest.knows(&desk.grant.token));
        assert_eq!(known, survives, "{profile:?}");
        assert_eq!(desk.rest.probe().await.is_ok(), survives, "{profile:?}");
    }
}

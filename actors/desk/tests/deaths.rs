//! A saga, or its whole process, that dies at any of the named points.

use super::{at, book, dies_at, settles_everything, verify};
use crate::crashpoint::{Crashpoint, Crashpoints};
use crate::domain::tool::Tool;
use crate::testing::{Op, World, clinic, patient};

#[tokio::test(start_paused = true)]
async fn a_booking_that_dies_at_any_point_is_neither_lost_nor_doubled() {
    for point in Crashpoint::ALL {
        for process_dies in [false, true] {
            let world = World::of(vec![clinic("maple", 2)], &[patient(42)]);
            let mut house = world.begin(1, dies_at(point)).await;
            verify(&house).await;
            let first = book(&house, "t1", "10:00").await;
            if process_dies {
                house.root.actor().kill();
                let _ = house.root.ended().await;
                house = world.begin(2, Crashpoints::default()).await;
            }
            settles_everything(&world, &house).await;
            let live = world.emr("maple").live().len();
            let again = book(&house, "t1", "10:00").await;
            assert!(live <= 1, "{point:?}");
            match again["code"].as_str().unwrap() {
                "BOOKED" => assert_eq!(world.emr("maple").live().len(), 1, "{point:?} {first}"),
                "HANDED_TO_STAFF" | "PENDING" => assert_eq!(live, 0, "{point:?} {first} {again}"),
                other => panic!("{point:?} {process_dies}: {other}"),
            }
            assert!(world.emr("maple").requests(Op::Add) <= 1, "{point:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_move_that_dies_at_any_point_leaves_the_patient_with_an_appointment() {
    for point in Crashpoint::ALL {
        let world = World::of(vec![clinic("maple", 2)], &[patient(42)]);
        let calm = world.begin(1, Crashpoints::default()).await;
        verify(&calm).await;
        let booked = book(&calm, "t1", "10:00").await;
        calm.stop().await;
        let mut house = world.begin(2, dies_at(point)).await;
        let mut move_it = at("14:00");
        move_it["appointmentId"] = booked["appointment"]["appointmentId"].clone();
        house.ask("c1", "t2", Tool::UpdateAppointment, move_it).await;
        assert!(!world.emr("maple").live().is_empty(), "{point:?}: law B-4");
        house.root.actor().kill();
        let _ = house.root.ended().await;
        let house = world.begin(3, Crashpoints::default()).await;
        settles_everything(&world, &house).await;
        let live = world.emr("maple").live();
        assert_eq!(live.len(), 1, "{point:?}: {live:?}");
        let moved = world.emr("maple").requests(Op::Add) == 2;
        let expected = if moved { "14:00" } else { "10:00" };
        assert_eq!(live[0].slot.interval.start.to_string(), expected, "{point:?}");
    }
}

//! What a clinic's EMR was found to be able to do is kept for each path by itself.

use vitarad_actors::domain::capabilities::{Can, Capability, Discovered, Why};
use vitarad_actors::domain::emr_path::{Operation, Path};

use crate::fixture::House;
use crate::samples::{NOW, clinic, later};

const fn line(operation: Operation, can: Can, why: Why) -> Capability {
    Capability { operation, can, why }
}

pub(crate) async fn a_discovery_takes_the_place_of_the_former_one_of_its_path_and_clinic(house: &dyn House) {
    let a = house.process("a").await;
    let store = &*a.store;
    let keep = async |id: &str, path, at, found: &[Capability]| {
        store.keep_capabilities(&clinic(id), Discovered { path, at, found: found.to_vec() }).await.unwrap();
    };
    let closed = line(Operation::DaySchedule, Can::No, Why::Firewall);
    keep("maple", Path::Soap, NOW, &[closed]).await;
    keep("maple", Path::Rest, NOW, &[line(Operation::DayRows, Can::Yes, Why::Granted)]).await;
    keep("birch", Path::Soap, NOW, &[]).await;
    keep("maple", Path::Soap, later(60), &[line(Operation::DayRows, Can::Unknown, Why::NotTold)]).await;
    let table = store.emr_capabilities(&clinic("maple")).await.unwrap();
    assert_eq!(table.of(Operation::DaySchedule, Path::Soap), (Can::Unknown, Why::NotTold));
    assert_eq!(table.of(Operation::DayRows, Path::Rest), (Can::Yes, Why::Granted));
    assert_eq!(table.discovered_at(Path::Soap), Some(later(60)));
    assert_eq!(table.discovered_at(Path::Rest), Some(NOW));
    assert_eq!(table.discovered_at(Path::Bridge), None);
    let other = store.emr_capabilities(&clinic("birch")).await.unwrap();
    assert_eq!(other.discovered_at(Path::Soap), Some(NOW), "found out, though there is nothing to say");
    assert_eq!(other.of(Operation::DayRows, Path::Rest), (Can::Unknown, Why::NotTold));
}

//! Providers, as `providerTransfer` carries them.

use vitarad_actors::domain::ids::ProviderNo;
use vitarad_actors::ports::emr::EmrProvider;

use super::field::owned;
use crate::emr::SYSTEM;
use crate::emr::xml::Element;

const ACTIVE: &str = "1";

/// `None` for whoever cannot be booked: the system, the inactive, and rows without a usable number.
pub(super) fn read(row: &Element) -> Option<EmrProvider> {
    let no = row.text_of("providerNo")?;
    if no == SYSTEM || row.text_of("status") != Some(ACTIVE) {
        return None;
    }
    Some(EmrProvider {
        no: ProviderNo::parse(no).ok()?,
        first_name: owned(row, "firstName"),
        last_name: owned(row, "lastName"),
        title: owned(row, "title"),
        specialty: owned(row, "specialty"),
        kind: owned(row, "providerType"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emr::recorded;

    fn provider(fields: &str) -> Option<EmrProvider> {
        read(&Element::parse(format!("<return>{fields}</return>").as_bytes()).unwrap())
    }

    #[test]
    fn recorded_providers_are_read_without_the_system() {
        let reply = recorded::reply("03-getProviders2", "getProviders2");
        let providers: Vec<EmrProvider> = reply.each("return").filter_map(read).collect();
        let numbers: Vec<&str> = providers.iter().map(|provider| provider.no.as_str()).collect();
        assert_eq!(numbers, ["999998", "101"]);
        let chow = &providers[1];
        assert_eq!((chow.first_name.as_str(), chow.last_name.as_str()), ("Anita", "Chow"));
        assert_eq!((chow.title.as_str(), chow.kind.as_str()), ("Dr.", "doctor"));
        assert_eq!(chow.specialty, "Family Medicine");
    }

    #[test]
    fn whoever_is_inactive_or_nameless_is_left_out() {
        assert!(provider("<providerNo>021</providerNo><status>1</status>").is_some());
        assert!(provider("<providerNo>021</providerNo><status>0</status>").is_none());
        assert!(provider("<providerNo>021</providerNo>").is_none());
        assert!(provider("<status>1</status>").is_none());
    }
}

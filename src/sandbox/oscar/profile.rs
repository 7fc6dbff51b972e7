//! Which build of OSCAR a server pretends to be, and all that builds do differently. It stands in one table, so that
//! nothing else asks for a build's name: a new build is a new row.

use serde::Serialize;

const OSCAR_NAMESPACE: &str = "http://ws.oscarehr.org/";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(into = "&'static str")]
pub enum Profile {
    /// Of 2015: the first with REST and with the operations whose names end in 2.
    Oscar15,
    /// The last "stable" one, of 2019, still the most widespread.
    #[default]
    Oscar19,
    /// Open-O, the maintained fork: newer web service stack, other security faults, cell phones.
    OpenO,
    /// Like Juno: SOAP under another namespace and only from listed addresses; here without the REST module.
    JunoLike,
    /// Like what Kai hosts: a web firewall takes SOAP for an attack, so REST is all there is.
    KaiLike,
}

/// What one build does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Build {
    pub(super) name: &'static str,
    /// Of its SOAP operations.
    pub(super) namespace: &'static str,
    /// Its operations beyond those of every build.
    adds: &'static [&'static str],
    pub(super) gate: Gate,
    pub(super) security_faults: SecurityFaults,
    pub(super) chart: ChartColumns,
    /// Whether an update over SOAP names who made it.
    pub(super) names_updater: bool,
    /// Whether appointments have columns for visits by video.
    pub(super) has_virtual_visits: bool,
    /// `None`: the server's settings do not name the REST module.
    pub(super) rest: Option<RestBuild>,
}

/// What one build does over REST.
#[derive(Clone, Copy, Debug)]
pub(super) struct RestBuild {
    /// Whether anything wrong with a signed request costs its token. The others remember no nonces either, and no expiry.
    pub(super) deletes_tokens: bool,
    /// Whether an unsigned request gets as far as a service, which then finds nobody logged in.
    pub(super) passes_unsigned: bool,
    /// Whether a key that the server does not know fails a request.
    pub(super) refuses_unknown_keys: bool,
    pub(super) dates: Dates,
    pub(super) day_view: DayView,
    pub(super) cell_phone: CellPhone,
}

/// What stands before the SOAP services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    Open,
    WebFirewall,
    AddressList,
}

/// How a refused security header is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SecurityFaults {
    /// What was wrong has a code of its own.
    Told,
    /// The same whatever was wrong, so as not to help an attacker.
    Withheld,
}

/// What a chart over SOAP has that not every build's has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChartColumns {
    MyOscarUserName,
    CellPhone,
}

/// How REST prints an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dates {
    Milliseconds,
    /// In milliseconds too, but midnight as the date it is.
    ByValue,
}

/// How REST shows one day of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DayView {
    /// With the name of a page around it.
    Wrapped,
    /// A bare list, with lengths.
    Bare,
}

/// Where REST shows the cell number of a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CellPhone {
    InPlaceOfWork,
    BesideWork,
}

const BOOKING: [&str; 4] =
    ["bookAppointment", "findAppointment", "getAppointmentTypesByProvider", "getExternalAppointmentTypes"];

const OSCAR_15: Build = Build {
    name: "oscar-15",
    namespace: OSCAR_NAMESPACE,
    adds: &[],
    gate: Gate::Open,
    security_faults: SecurityFaults::Told,
    chart: ChartColumns::MyOscarUserName,
    names_updater: false,
    has_virtual_visits: false,
    rest: Some(RestBuild {
        deletes_tokens: true,
        passes_unsigned: false,
        refuses_unknown_keys: true,
        dates: Dates::Milliseconds,
        day_view: DayView::Wrapped,
        cell_phone: CellPhone::InPlaceOfWork,
    }),
};

const OSCAR_19: Build = Build { name: "oscar-19", adds: &BOOKING, ..OSCAR_15 };

const OPEN_O: Build = Build {
    name: "open-o",
    adds: &[BOOKING[0], BOOKING[1], BOOKING[2], BOOKING[3], "getDemographic2"],
    security_faults: SecurityFaults::Withheld,
    chart: ChartColumns::CellPhone,
    names_updater: true,
    rest: Some(RestBuild {
        deletes_tokens: false,
        passes_unsigned: true,
        refuses_unknown_keys: false,
        dates: Dates::ByValue,
        day_view: DayView::Bare,
        cell_phone: CellPhone::BesideWork,
    }),
    ..OSCAR_19
};

const JUNO_LIKE: Build = Build {
    name: "juno-like",
    namespace: "http://v1.soap.external.ws.oscarehr.org/",
    adds: &["addDemographic", "getDemographicsByHealthNum"],
    gate: Gate::AddressList,
    has_virtual_visits: true,
    rest: None,
    ..OSCAR_15
};

const KAI_LIKE: Build = Build { name: "kai-like", gate: Gate::WebFirewall, ..OSCAR_19 };

impl Profile {
    pub const ALL: [Self; 5] = [Self::Oscar15, Self::Oscar19, Self::OpenO, Self::JunoLike, Self::KaiLike];

    pub const fn name(self) -> &'static str {
        self.build().name
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }

    pub(super) const fn build(self) -> &'static Build {
        match self {
            Self::Oscar15 => &OSCAR_15,
            Self::Oscar19 => &OSCAR_19,
            Self::OpenO => &OPEN_O,
            Self::JunoLike => &JUNO_LIKE,
            Self::KaiLike => &KAI_LIKE,
        }
    }
}

impl From<Profile> for &'static str {
    fn from(profile: Profile) -> Self {
        profile.name()
    }
}

impl Build {
    /// What no row of the table adds is in every build.
    pub(super) fn has(&self, operation: &str) -> bool {
        let added = |build: &Self| build.adds.contains(&operation);
        added(self) || !Profile::ALL.iter().any(|profile| added(profile.build()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::soap;
    use super::*;

    #[test]
    fn an_operation_that_a_build_adds_is_one_that_the_sandbox_can_answer() {
        for name in Profile::ALL.iter().flat_map(|profile| profile.build().adds) {
            assert!(soap::operation(name).is_some(), "{name}");
        }
    }

    #[test]
    fn what_one_build_adds_the_others_lack() {
        let with = |operation: &str| {
            let having = Profile::ALL.into_iter().filter(|profile| profile.build().has(operation));
            having.map(Profile::name).collect::<Vec<_>>()
        };
        assert_eq!(with("addAppointment").len(), Profile::ALL.len());
        assert_eq!(with("findAppointment"), ["oscar-19", "open-o", "kai-like"]);
        assert_eq!(with("getDemographic2"), ["open-o"]);
        assert_eq!(with("addDemographic"), ["juno-like"]);
    }

    #[test]
    fn a_profile_is_found_by_the_name_it_is_shown_under() {
        for profile in Profile::ALL {
            assert_eq!(Profile::named(profile.name()), Some(profile));
            assert_eq!(serde_json::to_value(profile).unwrap(), profile.name());
        }
        assert_eq!(Profile::named("oscar"), None);
    }
}

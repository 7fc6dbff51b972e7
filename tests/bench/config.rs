//! The daemon's settings, as an operator would write them down.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;

use vitarad::sandbox::oscar::demo;

/// What the platform signs with.
pub const SECRET: &str = "benchmark-signing-secret";

/// What a clinic's EMR and the door may bear.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Budgets {
    /// Out of the way.
    Lifted,
    /// As they come.
    Shipped,
}

pub struct House<'a> {
    pub listen: SocketAddr,
    pub directory: &'a Path,
    pub emr: SocketAddr,
    /// The names of the clinics, which are their paths at the EMR.
    pub clinics: &'a [String],
    pub budgets: Budgets,
}

const LIFTED: &str = "requests_per_second = 1000000, burst = 1000000, max_in_flight = 64, queue = 4096, breaker_consecutive = 1000";

impl House<'_> {
    pub fn write(&self) -> String {
        let (listen, directory) = (self.listen, self.directory.display());
        let door = match self.budgets {
            Budgets::Lifted => {
                "clinic_per_minute = 1000000\nclinic_burst = 1000000\nclinic_tool_calls_at_once = 4096\n"
            }
            Budgets::Shipped => "",
        };
        let mut text = format!(
            "[http]\nlisten = \"{listen}\"\n{door}\
             [store]\nurl = \"sqlite:{directory}/vitarad.db\"\nsynchronous = \"full\"\n\
             [crypto]\nmaster_key = \"{}\"\n\
             [[webhook.credentials]]\nscheme = \"hmac\"\nsecrets = [\"{SECRET}\"]\n\
             [log]\nlevel = \"info\"\nformat = \"json\"\nstdout = false\ndirectory = \"{directory}/log\"\n",
            "5e".repeat(32)
        );
        for (index, name) in self.clinics.iter().enumerate() {
            self.clinic(&mut text, index, name);
        }
        text
    }

    fn clinic(&self, text: &mut String, index: usize, name: &str) {
        let limits = match self.budgets {
            Budgets::Lifted => LIFTED,
            Budgets::Shipped => "",
        };
        let week = ["monday", "tuesday", "wednesday", "thursday", "friday"];
        let hours = week.map(|day| format!("{day} = [\"09:00-17:00\"]")).join(", ");
        let written = write!(
            text,
            "[[clinics]]\nid = \"{name}\"\nname = \"Clinic {name}\"\nphone = \"604-555-0100\"\n\
             lines = [\"{}\"]\ntimezone = \"{ZONE}\"\naccepting_new_patients = true\nhours = {{ {hours} }}\n\
             limits = {{ {limits} }}\n\
             emr = {{ url = \"http://{}/{name}\", username = \"{}\", password = \"{}\" }}\n\
             providers = [ {{ provider_no = \"101\", name = \"Dr. Adams\" }}, {{ provider_no = \"102\", name = \"Dr. Baker\" }} ]\n",
            line(index),
            self.emr,
            demo::LOGIN,
            demo::PASSWORD,
        );
        written.expect("a text takes everything");
    }
}

/// The zone of every clinic of the pretend EMR.
pub const ZONE: &str = "America/Vancouver";

/// The number patients of the nth clinic dial.
pub fn line(index: usize) -> String {
    format!("+1604555{:04}", 100 + index)
}

//! A clinic's leave to use its EMR by REST, from the operator's command to the token: the program, the daemon and a browser.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/daemon.rs"]
#[expect(dead_code, reason = "the daemon itself runs inside the test, and nothing is signalled")]
mod daemon;
#[path = "support/house.rs"]
mod house;
#[path = "support/log.rs"]
mod log;
#[path = "support/patience.rs"]
mod patience;
#[path = "support/premises.rs"]
#[expect(dead_code, reason = "everybody has the same environment")]
mod premises;
#[path = "emr_oauth/serving.rs"]
mod serving;
#[path = "emr_oauth/set_up.rs"]
mod set_up;
#[path = "support/town.rs"]
#[expect(dead_code, reason = "nobody is booked here")]
mod town;
#[path = "support/voice.rs"]
#[expect(dead_code, reason = "one person calls, and only to see whether it is possible")]
mod voice;
#[path = "emr_oauth/watch.rs"]
mod watch;

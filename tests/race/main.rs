//! Sixty-four callers at once, over real sockets, for the same ten slots of one day, while staff write into the same book.
//! We never book twice (law B-2), and what each caller heard is what the EMR holds (law B-3).

#![cfg(test)]

mod callers;
mod day;
#[path = "../support/house.rs"]
#[expect(dead_code, reason = "these houses end with their test; others are closed in order")]
mod house;
#[path = "../support/patience.rs"]
mod patience;
#[path = "../support/premises.rs"]
#[expect(dead_code, reason = "these houses share the usual files; others write their own")]
mod premises;
mod rounds;
#[path = "../support/town.rs"]
#[expect(dead_code, reason = "one clinic of the town is enough here")]
mod town;
mod verdict;
#[path = "../support/voice.rs"]
#[expect(dead_code, reason = "nobody here asks for an operator's page")]
mod voice;

//! A house to test in: the real tree on a store, an EMR and a clock that live in memory and do as they are told.

mod death;

pub use death::Death;
